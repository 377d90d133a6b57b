"""Connections that cannot be held: bounded in number and in time, from the first byte to the last.

A connection has some seconds to send a request's head, however slowly its bytes come, and as many again after each
answer; a request with its answer has some minutes. What takes longer, or is one too many, is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .middleware import SECURITY_HEADERS

__all__ = ["ConnectionLimits", "protocol_of"]


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits on connections.

    Parameters
    ----------
    connections, of_one_address : int
        Most at a time, in all and from one address.
    head_seconds : float
        Time in s for a request's head, from the beginning of the connection or the end of the last answer.
    request_seconds : float
        Time in s from a request's head to the end of its answer.
    proxies : frozenset of str
        Addresses of proxies, from which all readers come: no limit of one address holds for these.
    """

    connections: int = 256
    of_one_address: int = 32
    head_seconds: float = 10.0
    request_seconds: float = 300.0
    proxies: frozenset[str] = frozenset()


def protocol_of(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """The class of a server's connections, as uvicorn takes it."""
    return type("_BoundedConnection", (_Bounded,), {"limits": limits})


class _Bounded(H11Protocol):
    """A connection with a clock."""

    limits: ConnectionLimits
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is room."""
        super().connection_made(transport)
        if self._is_one_too_many():
            transport.abort()
        else:
            self._within(self.limits.head_seconds, self._close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        if self._clock is not None:
            self._clock.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Give a request that has begun its time."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._within(self.limits.request_seconds, self.transport.abort)

    def on_response_complete(self) -> None:
        """Give the next request's head its time."""
        self._within(self.limits.head_seconds, self._close)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, with the headers of all answers."""
        headers = [*SECURITY_HEADERS.items(), ("Content-Type", "text/plain"), ("Connection", "close")]
        events = (h11.Response(status_code=400, headers=headers), h11.Data(msg.encode()), h11.EndOfMessage())
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self._close()

    def _is_one_too_many(self) -> bool:
        others = [cast("_Bounded", one).client for one in self.connections]
        mine = self.client[0] if self.client else ""
        near = sum(other is not None and other[0] == mine for other in others)
        of_one = mine not in self.limits.proxies and near > self.limits.of_one_address
        return of_one or len(others) > self.limits.connections

    def _close(self) -> None:
        """End; what was written is sent, unless the reader takes too long."""
        self.transport.close()
        self._within(self.limits.request_seconds, self.transport.abort)

    def _within(self, seconds: float, end: Callable[[], None]) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = self.loop.call_later(seconds, end)

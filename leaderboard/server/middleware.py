"""Middleware of every request: checks of host name, rate and size, headers that close the page, one log line.

Starlette has a middleware for the host name alone; limits of rate and size it leaves to a proxy, which a board on
one machine does not have.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "SECURITY_HEADERS",
    "AccessLog",
    "BodyLimit",
    "Failures",
    "HostCheck",
    "RateLimit",
    "SecurityHeaders",
    "TokenBuckets",
    "problem",
]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_MOST_KEYS = 10_000


def problem(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error as every answer of the interface says it."""
    return JSONResponse({"error": {"kind": kind, "message": message}}, status, dict(headers or {}))


@dataclass
class TokenBuckets:
    """A bucket of permits for each key, refilled at a steady rate.

    Parameters
    ----------
    per_second : float
        Permits a second.
    burst : int
        Permits at most.
    clock : callable
        Seconds.
    """

    per_second: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    def take(self, key: str) -> float:
        """Take one permit: 0 if there was one, else the seconds until there will be."""
        now = self.clock()
        level, then = self._levels.get(key, (float(self.burst), now))
        level = min(self.burst, level + (now - then) * self.per_second)
        if key not in self._levels and len(self._levels) >= _MOST_KEYS:
            self._forget_full(now)
        if level < 1:
            self._levels[key] = (level, now)
            return (1 - level) / self.per_second
        self._levels[key] = (level - 1, now)
        return 0.0

    def _forget_full(self, now: float) -> None:
        """Drop keys whose bucket is full again; all of them, if none is."""
        kept = {
            key: (level, then)
            for key, (level, then) in self._levels.items()
            if level + (now - then) * self.per_second < self.burst
        }
        self._levels = kept if len(kept) < _MOST_KEYS else {}


class _OfRequests:
    """Middleware of requests; what else a server is told, as that it starts, passes it by."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or pass on what is none."""
        handle = self.handle if scope["type"] == "http" else self.app
        await handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        raise NotImplementedError


class HostCheck(_OfRequests):
    """Refuse requests that name another host: a page elsewhere must not reach a board on this machine.

    Starlette's ``TrustedHostMiddleware`` does the same and answers 400 in plain text; a client of ours gets 421 and
    an error in the form of all others.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        super().__init__(app)
        self.hosts = hosts

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
        if "*" in self.hosts or _host_of(scope) in self.hosts:
            await self.app(scope, receive, send)
            return
        await problem(421, "WrongHost", "This server does not answer for that host name.")(
            scope, receive, send
        )


class RateLimit(_OfRequests):
    """Refuse a client that asks too often; reading and writing have limits of their own."""

    def __init__(self, app: ASGIApp, reads: TokenBuckets, writes: TokenBuckets) -> None:
        super().__init__(app)
        self.reads = reads
        self.writes = writes

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429 with when to come back."""
        buckets = self.reads if scope["method"] in ("GET", "HEAD") else self.writes
        wait = buckets.take(_client_of(scope))
        if not wait:
            await self.app(scope, receive, send)
            return
        message = f"Too many requests; the next one is answered in {wait:.1f} s."
        headers = {"Retry-After": str(int(wait) + 1)}
        await problem(429, "TooManyRequests", message, headers)(scope, receive, send)


class BodyLimit(_OfRequests):
    """Refuse bodies above a size, whether the request says its size or not."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        super().__init__(app)
        self.most_bytes = most_bytes

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdigit() or int(said) > self.most_bytes:
            await self._refuse(scope, receive, send)
            return
        try:
            await self.app(scope, self._counted(receive), send)
        except _TooLargeError:
            await self._refuse(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most_bytes:
                raise _TooLargeError
            return message

        return counted

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"A request may have at most {self.most_bytes} bytes."
        await problem(413, "TooLarge", message)(scope, receive, send)


class _TooLargeError(Exception):
    """More bytes came than are allowed."""


class Failures:
    """Answer what nobody foresaw: 500 without its inside, which goes to the log under the request's number.

    Starlette would answer outside of all middleware, so without the headers that close the page.
    """

    def __init__(self, app: ASGIApp, logger: logging.Logger) -> None:
        self.app = app
        self.logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an error after the answer has begun ends the connection."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            number = scope.get("state", {}).get("request", "")
            said = "".join(traceback.format_exception(error))
            self.logger.error(json.dumps({"event": "request failed", "request": number, "traceback": said}))
            answer = problem(500, "InternalError", f"The server failed; its log has more under {number}.")
            await answer(scope, receive, send)


class SecurityHeaders:
    """Add the headers that keep a page from loading, sending or being framed elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add headers to its answer."""

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, closing)


class AccessLog(_OfRequests):
    """One line of JSON a request: never a query, a header or a body, which may hold secrets."""

    def __init__(self, app: ASGIApp, logger: logging.Logger) -> None:
        super().__init__(app)
        self.logger = logger

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log what came of it."""
        seen: dict[str, Any] = {"status": 500, "bytes": 0}
        request = secrets.token_hex(6)
        scope.setdefault("state", {})["request"] = request
        start = time.perf_counter()

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request
            seen["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, watching)
        finally:
            self._write(scope, request, seen, time.perf_counter() - start)

    def _write(self, scope: Scope, request: str, seen: Mapping[str, Any], seconds: float) -> None:
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": request,
            "client": _client_of(scope),
            "method": scope["method"],
            "path": scope["path"][:500],
            **seen,
            "ms": round(1000 * seconds, 1),
        }
        token = scope.get("state", {}).get("token")
        self.logger.info(json.dumps(entry | ({"token": token} if token else {})))


def _host_of(scope: Scope) -> str:
    """The name in the Host header, without its port."""
    host = Headers(scope=scope).get("host", "").lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _client_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"

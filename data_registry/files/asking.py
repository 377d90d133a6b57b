"""Asking public addresses: redirects that stay where they may lead, and answers that are bounded.

Addresses come from cards, from people and from archives, and what hosts answer is not trusted: a redirect may lead
to ``http`` or ``https`` alone, never from ``https`` to ``http``, and never from a public host to this machine or
its own network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from ...core.errors import InvalidDataError

__all__ = ["RefusedError", "asked", "read_json", "redirected"]

_TIMEOUT_S = (15, 60)  # to connect; from one piece of the answer to the next
_MOST_REDIRECTS = 5
_MOST_JSON_BYTES = 16 * 2**20
_PIECE_BYTES = 2**16


class RefusedError(OSError):
    """A host that does not give what it was asked for.

    Attributes
    ----------
    status : int
        Status of its answer, from 400.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(f"the answer was {status} {reason}".rstrip())


@contextmanager
def asked(url: str, headers: Mapping[str, str] | None = None) -> Iterator[requests.Response]:
    """Ask an address and follow its redirects; the body of the answer is not read yet.

    Parameters
    ----------
    url : str
        Address; ``http`` or ``https``.
    headers : mapping of str to str, optional
        Further headers, such as ``Range``.

    Raises
    ------
    RefusedError
        If the host answers that it does not give it.
    OSError
        If nobody answers.
    InvalidDataError
        If it redirects too often, or to where it may not.
    """
    sent = {"Accept-Encoding": "identity", **(headers or {})}
    address = url
    with _Session() as session:
        for _ in range(_MOST_REDIRECTS + 1):
            with session.get(address, headers=sent, stream=True, timeout=_TIMEOUT_S) as answer:
                if answer.is_redirect:
                    address = redirected(address, answer.headers["location"])
                    continue
                if answer.status_code >= 400:
                    raise RefusedError(answer.status_code, str(answer.reason))
                yield answer
                return
    raise InvalidDataError(
        f"The address {url}", got=f"more than {_MOST_REDIRECTS} redirects", needed="one that leads to a file"
    )


class _Session(requests.Session):
    """A session that follows no redirect itself: it would read the whole body of one first, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No address to ask instead."""


def redirected(address: str, location: str) -> str:
    """The address that a redirect leads to.

    Parameters
    ----------
    address, location : str
        The address that was asked, and the one that its answer names, which may be relative.

    Raises
    ------
    InvalidDataError
        If it has another scheme than ``http`` and ``https``, leads from ``https`` to ``http``, or from a public
        host to one of this machine or its own network.
    """
    try:
        target = urljoin(address, location)
        before, after = urlsplit(address), urlsplit(target)
        inwards = _is_inside(after.hostname) and not _is_inside(before.hostname)
    except ValueError as error:
        raise _misled(address, location) from error
    if after.scheme not in ("http", "https") or (before.scheme, after.scheme) == ("https", "http") or inwards:
        raise _misled(address, target)
    return target


def read_json(url: str) -> dict[str, Any]:
    """The JSON object at an address, of at most 16 MiB.

    Raises
    ------
    OSError
        As :func:`asked`.
    InvalidDataError
        Likewise, and if the answer is larger, or no such object.
    """
    with asked(url, {"Accept": "application/json"}) as answer:
        data = bytearray()
        for piece in answer.iter_content(_PIECE_BYTES):
            data += piece
            if len(data) > _MOST_JSON_BYTES:
                raise _no_object(url, f"more than {_MOST_JSON_BYTES} bytes")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _no_object(url, str(error)) from error
    if not isinstance(content, dict):
        raise _no_object(url, type(content).__name__)
    return content


def _is_inside(host: str | None) -> bool:
    """Whether a host is, by its name or number alone, this machine or one of its own network."""
    if host is None or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return False


def _misled(address: str, target: str) -> InvalidDataError:
    return InvalidDataError(
        f"The address {address}",
        got=f"a redirect to {target[:200]!r}",
        needed="one that leads to http or https, never from https to http or from a public host into this network",
    )


def _no_object(url: str, got: str) -> InvalidDataError:
    return InvalidDataError(
        f"The answer of {url}", got=got, needed=f"a JSON object of at most {_MOST_JSON_BYTES} bytes"
    )

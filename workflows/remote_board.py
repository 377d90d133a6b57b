"""Submissions to a board that is served elsewhere, by its interface for programs."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from ..core.errors import InvalidInputError, MissingPartError, UnknownNameError

__all__ = ["Step", "change", "look_up", "send_bundle"]

#: A step that a submission's owner takes: to take it back, or its failures off the board.
Step: TypeAlias = Literal["withdraw", "retire"]

_SECONDS = 60
_MOST_BYTES = 16 * 2**20
_CLOSED = "Ask the board's owner for a token and give it as --token or INNERSCORE_TOKEN."


def send_bundle(url: str, data: bytes, benchmarks: Sequence[str], token: str | None) -> dict[str, Any]:
    """Submit a bundle; the receipt.

    Raises
    ------
    InvalidInputError
        If the board refuses it or the token.
    MissingPartError
        If there is no board at that address.
    """
    boundary = secrets.token_hex(16)
    fields = [_part(boundary, 'name="benchmarks"', name.encode()) for name in benchmarks]
    bundle = _part(boundary, 'name="bundle"; filename="bundle.zip"', data)
    body = b"".join([*fields, bundle, f"--{boundary}--\r\n".encode()])
    return _call(f"{_api(url)}/submissions", token, body, f"multipart/form-data; boundary={boundary}")


def look_up(url: str, identifier: str) -> dict[str, Any]:
    """A submission as it stands; raises as :func:`send_bundle`, and UnknownNameError if there is none."""
    return _call(f"{_api(url)}/submissions/{identifier}", None)


def change(url: str, identifier: str, step: Step, token: str | None) -> dict[str, Any]:
    """Take a step with a submission; the submission afterwards. Raises as :func:`look_up`."""
    return _call(f"{_api(url)}/submissions/{identifier}/{step}", token, b"", "text/plain")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """No way from one address to another: the token is for the host that was named."""

    def redirect_request(self, *_: object) -> None:
        """Nothing to ask instead, so that the answer becomes an error."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _api(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise InvalidInputError("The board's address", got=repr(url), needed="http:// or https://")
    return f"{url.rstrip('/')}/api/v1"


def _part(boundary: str, names: str, body: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {names}\r\n\r\n".encode() + body + b"\r\n"


def _call(
    address: str, token: str | None, body: bytes | None = None, kind: str | None = None
) -> dict[str, Any]:
    headers = {} if kind is None else {"Content-Type": kind}
    headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(address, body, headers)  # noqa: S310  (http or https only)
    try:
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            content: dict[str, Any] = json.loads(answer.read(_MOST_BYTES))
            return content
    except urllib.error.HTTPError as error:
        kind, message = _problem(error)
        if "/submissions/" in address and (error.code == 404 or kind == "InvalidParameter"):
            identifier = address.partition("/submissions/")[2].partition("/")[0]
            raise UnknownNameError("submission", identifier, ()) from error
        raise InvalidInputError(
            f"The request to {address}",
            got=f"{error.code}: {message}",
            needed="one that the board takes",
            hint=_hint(error),
        ) from error
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise MissingPartError(
            f"The board at {address}", got=str(error), needed="one that answers"
        ) from error


def _hint(error: urllib.error.HTTPError) -> str:
    """Advice where there is some: a token is missing, or the board is said to be elsewhere."""
    if error.code in range(300, 400):
        elsewhere = error.headers.get("Location", "")[:200]
        return f"It sends us on to {elsewhere!r}; if that is the board, give its address as --url."
    return _CLOSED if error.code == 401 else ""


def _problem(error: urllib.error.HTTPError) -> tuple[str, str]:
    """Kind and words of what a board answers with where it does not do what was asked."""
    try:
        content = json.loads(error.read(_MOST_BYTES))["error"]
        return str(content["kind"])[:100], str(content["message"])[:2000]
    except (ValueError, KeyError, TypeError, OSError):
        return "", str(error.reason)

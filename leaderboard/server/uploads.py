"""Uploads: the token before the bytes, one at a time for each owner, few in all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser

__all__ = ["FILE", "Uploads", "form_described", "form_with_token"]

#: A part of a form that is a file, as OpenAPI describes it.
FILE = {"type": "string", "format": "binary"}

_MOST_FIELD_BYTES = 4096
_MOST_BEFORE_TOKEN = 64 * 1024


class Uploads:
    """The uploads that are going on.

    Parameters
    ----------
    most : int
        Largest number at a time, of all owners; of each there is one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._owners: set[str] = set()

    @contextmanager
    def of(self, owner: str) -> Iterator[None]:
        """Take in an upload of somebody's.

        Raises
        ------
        HTTPException
            429, if one of the same owner is going on, or too many are.
        """
        if owner in self._owners or len(self._owners) >= self._most:
            message = (
                "Another upload of yours, or too many of others, are going on; send it again when they end."
            )
            raise HTTPException(429, message, {"Retry-After": "10"})
        self._owners.add(owner)
        try:
            yield
        finally:
            self._owners.discard(owner)


@asynccontextmanager
async def form_with_token(
    request: Request, admit: Callable[[str], None], *, max_fields: int
) -> AsyncIterator[FormData]:
    """A form of one file that brings its token along, in a field before the file.

    Parameters
    ----------
    request : Request
    admit : callable
        Called with the token before a byte of a file is kept; raises if it may not.
    max_fields : int
        Largest number of fields.

    Raises
    ------
    HTTPException
        400, if it is no such form, or the token comes too late.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(400, "A form of the type multipart/form-data is needed.")
    parser = _TokenFirst(request.headers, request.stream(), admit, max_fields)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error
    try:
        parser.check()
        yield form
    finally:
        await form.close()


def form_described(required: str, other: str, other_items: dict[str, str]) -> dict[str, Any]:
    """The form of a request, as OpenAPI describes it: one file that it needs, and any number of another part.

    Parameters
    ----------
    required : str
        Name of the file that has to be there.
    other : str
        Name of the part that may be there more than once.
    other_items : dict of str to str
        Description of one such part, as :data:`FILE`.
    """
    properties = {required: FILE, other: {"type": "array", "items": other_items}}
    schema = {"type": "object", "required": [required], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


class _TokenFirst(MultiPartParser):
    """A form's parser that looks at the token when the first file begins."""

    def __init__(
        self,
        headers: Headers,
        stream: AsyncGenerator[bytes, None],
        admit: Callable[[str], None],
        max_fields: int,
    ) -> None:
        super().__init__(
            headers,
            self._bounded(stream),
            max_files=1,
            max_fields=max_fields,
            max_part_size=_MOST_FIELD_BYTES,
        )
        self._admit = admit
        self._admitted = False

    def on_headers_finished(self) -> None:
        """Check the token before a file's first byte."""
        super().on_headers_finished()
        if self._current_part.file is not None:
            self.check()

    def check(self) -> None:
        """Check the token among the fields so far, once."""
        if not self._admitted:
            self._admit(next((str(value) for name, value in self.items if name == "token"), ""))
            self._admitted = True

    async def _bounded(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The stream, ended where too much comes before the token was looked at."""
        taken = 0
        async for chunk in stream:
            yield chunk
            taken += len(chunk)
            if taken > _MOST_BEFORE_TOKEN and not self._admitted:
                raise MultiPartException("The field 'token' has to come before the file.")

"""Who may write: a bearer token in the header, checked before a byte of the body is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .tokens import Scope, TokenFile, TokenInfo

__all__ = ["holder_of", "token_needed"]

_REFUSED: dict[Scope, str] = {
    "records:write": "Writing needs a token in force: innerscore board token create.",
    "submissions:write": "Submitting needs a token in force for it; ask the board's owner.",
}
# The refusal is ours, because FastAPI's own words ("Not authenticated") do not say where a token comes from.
_Bearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, scheme_name="token"))
]


def token_needed(tokens: TokenFile, scope: Scope) -> Callable[..., TokenInfo]:
    """A dependency of routes: the token in the header, refused with 401 if it is not in force for a scope."""

    def token_in_header(request: Request, bearer: _Bearer) -> TokenInfo:
        return holder_of(tokens, bearer.credentials if bearer else "", scope, request)

    return token_in_header


def holder_of(tokens: TokenFile, secret: str, scope: Scope, request: Request) -> TokenInfo:
    """The token that a secret belongs to, noted for the log of requests.

    Raises
    ------
    HTTPException
        401, if no token of that scope is in force under the secret.
    """
    facts = tokens.verify(secret.strip(), scope) if secret.strip() else None
    if facts is None:
        raise HTTPException(401, _REFUSED[scope], {"WWW-Authenticate": "Bearer"})
    request.scope.setdefault("state", {})["token"] = facts.identifier
    return facts

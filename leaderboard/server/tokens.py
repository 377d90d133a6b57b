"""Tokens for writing: made at random, shown once, kept as hashes, scoped, and revocable at once.

They are in a file of their own next to the store and not in it, for three reasons: a store is copied, exported and
merged, and must never carry credentials along; it is insert-only, while a token is revoked by a change; and the
file can be closed to other users where the store is open to them.

A token has an owner, to whom names of candidates, submissions and records belong. A token that takes the place of
another one has the same owner.

A token is ``isc_<id>_<secret>`` with 256 random bits in the secret, so a plain SHA-256 of it is enough at rest:
nobody can try that many.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ...core.errors import InvalidArgumentError, StoreError, UnknownNameError
from ...core.hashing import sha256_of_bytes

__all__ = ["DEFAULT_SCOPES", "SCOPES", "IssuedToken", "Scope", "TokenFile", "TokenInfo"]

Scope: TypeAlias = Literal["records:write", "submissions:write"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
DEFAULT_SCOPES: tuple[Scope, ...] = ("submissions:write",)

_PREFIX = "isc"
_TABLE = """
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, scopes TEXT NOT NULL,
    created TEXT NOT NULL, expires TEXT, revoked TEXT, owner TEXT
)
"""
_FACTS = "id, name, scopes, created, expires, revoked, coalesce(owner, id)"


@dataclass(frozen=True)
class TokenInfo:
    """The parts of a token that may be shown.

    Parameters
    ----------
    identifier, name : str
        The public part of the token, and its name.
    scopes : tuple of str
        Scopes that it allows.
    created, expires, revoked : str or None
        ISO 8601, UTC.
    owner : str
        Identifier of its owner: that of the owner's first token.
    """

    identifier: str
    name: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    revoked: str | None
    owner: str

    def allows(self, scope: Scope, now: datetime) -> bool:
        """Whether it is in force and of that scope."""
        expired = self.expires is not None and datetime.fromisoformat(self.expires) <= now
        return self.revoked is None and not expired and scope in self.scopes


@dataclass(frozen=True)
class IssuedToken:
    """A new token; `secret` is the whole of it and is not kept anywhere."""

    facts: TokenInfo
    secret: str

    def __repr__(self) -> str:
        return f"IssuedToken({self.facts.identifier!r}, secret not shown)"


class TokenFile:
    """The tokens of one board.

    Parameters
    ----------
    path : pathlib.Path
        An SQLite file; made, readable by its owner only, with the first token.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(
        self,
        name: str,
        scopes: tuple[Scope, ...] = DEFAULT_SCOPES,
        *,
        days: float | None = None,
        owner: str | None = None,
    ) -> IssuedToken:
        """Make a token.

        Parameters
        ----------
        name : str
            Name of its holder or purpose; 1 to 80 characters.
        scopes : tuple of str
            Scopes that it allows.
        days : float, optional
            Number of days after which it expires; never if not given.
        owner : str, optional
            Owner of an earlier token, who has this one, too; by default a new one.

        Raises
        ------
        InvalidArgumentError
            If the name, a scope or `days` is out of range.
        UnknownNameError
            If nobody is that owner.
        StoreError
            If the file cannot be written.
        """
        _check(name, scopes, days)
        now = datetime.now(UTC)
        expires = None if days is None else _stamp(now + timedelta(days=days))
        owners = sorted({one.owner for one in self.all()})
        if owner is not None and owner not in owners:
            raise UnknownNameError("token", owner, owners[:3])
        identifier = secrets.token_hex(6)
        facts = TokenInfo(identifier, name, tuple(scopes), _stamp(now), expires, None, owner or identifier)
        secret = f"{_PREFIX}_{identifier}_{secrets.token_urlsafe(32)}"
        row = (identifier, name, _hash(secret), " ".join(scopes), facts.created, expires, facts.owner)
        columns = "id, name, sha256, scopes, created, expires, owner"
        with self._open() as connection:
            connection.execute(f"INSERT INTO tokens ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608  (our names)
        return IssuedToken(facts, secret)

    def rotate(self, identifier: str, *, days: float | None = None) -> IssuedToken:
        """Put a new token in the place of one, of the same name, scopes and owner; the old one is revoked.

        Raises
        ------
        UnknownNameError
            If there is no such token.
        """
        old = self.revoke(identifier)
        scopes = tuple(scope for scope in SCOPES if scope in old.scopes)
        return self.create(old.name, scopes, days=days, owner=old.owner)

    def all(self) -> list[TokenInfo]:
        """All tokens, oldest first, revoked ones among them."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            query = f"SELECT {_FACTS} FROM tokens ORDER BY rowid"  # noqa: S608  (our names)
            return [_facts(row) for row in connection.execute(query)]

    def revoke(self, identifier: str) -> TokenInfo:
        """Put a token out of force, from the next request on; one that is already stays as it is.

        Raises
        ------
        UnknownNameError
            If there is no such token.
        """
        known = {facts.identifier: facts for facts in self.all()}
        if identifier not in known:
            raise UnknownNameError("token", identifier, sorted(known)[:3])
        with self._open() as connection:
            connection.execute(
                "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL",
                (_stamp(datetime.now(UTC)), identifier),
            )
        return next(facts for facts in self.all() if facts.identifier == identifier)

    def verify(self, secret: str, scope: Scope) -> TokenInfo | None:
        """The token's facts if it is in force for that scope; None otherwise, without saying why."""
        prefix, _, rest = secret.partition("_")
        identifier = rest.partition("_")[0]
        if prefix != _PREFIX or not self.path.exists():
            return None
        with self._open() as connection:
            query = f"SELECT {_FACTS}, sha256 FROM tokens WHERE id = ?"  # noqa: S608  (our names)
            row = connection.execute(query, (identifier,)).fetchone()
        # An unknown identifier is compared too, so that the time taken tells nothing.
        matches = hmac.compare_digest(_hash(secret), row[7] if row else "0" * 64)
        facts = _facts(row[:7]) if row and matches else None
        return facts if facts is not None and facts.allows(scope, datetime.now(UTC)) else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
                connection.execute(_TABLE)
                _add_owner(connection)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"The file of tokens {self.path}", got=str(error), needed="an SQLite file that can be written"
            ) from error


def _check(name: str, scopes: tuple[str, ...], days: float | None) -> None:
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InvalidArgumentError(
            "The token's name", got=repr(name[:90]), needed="1 to 80 printable characters"
        )
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise InvalidArgumentError(
            "The token's scopes", got=unknown or "none", needed=f"among {list(SCOPES)}"
        )
    if days is not None and not 0 < days <= 36_500:
        raise InvalidArgumentError("The token's days", got=days, needed="above 0 and at most 36500")


def _add_owner(connection: sqlite3.Connection) -> None:
    """The column of owners, where the file is from before there were any."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(tokens)")}
    if "owner" not in columns:
        connection.execute("ALTER TABLE tokens ADD COLUMN owner TEXT")


def _facts(row: tuple[str, str, str, str, str | None, str | None, str]) -> TokenInfo:
    identifier, name, scopes, created, expires, revoked, owner = row
    return TokenInfo(identifier, name, tuple(scopes.split()), created, expires, revoked, owner)


def _hash(secret: str) -> str:
    return sha256_of_bytes(secret.encode("utf-8", "replace"))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

"""Tokens: shown once, hashed at rest, closed to others, scoped, revocable."""

import contextlib
import json
import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from innerscore.cli.app import app
from innerscore.core.errors import InvalidArgumentError, StoreError, UnknownNameError
from innerscore.leaderboard.server import TokenFile
from innerscore.leaderboard.server.middleware import TokenBuckets

SCOPE = "records:write"


@pytest.fixture
def tokens(tmp_path):
    return TokenFile(tmp_path / "deep" / "tokens.sqlite")


def test_a_token_is_in_force_until_it_is_revoked(tokens):
    issued, other = tokens.create("one", (SCOPE,)), tokens.create("other", (SCOPE,))
    assert tokens.verify(issued.secret, SCOPE).name == "one"
    tokens.revoke(issued.facts.identifier)
    assert tokens.verify(issued.secret, SCOPE) is None
    assert tokens.verify(other.secret, SCOPE) is not None
    revoked = tokens.revoke(issued.facts.identifier).revoked
    assert revoked is not None
    assert [facts.revoked for facts in tokens.all()] == [revoked, None]


def test_the_secret_is_neither_in_the_file_nor_in_any_text(tokens):
    issued = tokens.create("one")
    secret = issued.secret.split("_", 2)[2]
    assert secret.encode() not in tokens.path.read_bytes()
    assert secret not in repr(issued)
    assert secret not in repr(tokens.all())


def test_the_file_is_the_owners_alone(tokens):
    tokens.create("one")
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "x", lambda s: "", lambda s: s[::-1]])
def test_what_is_nearly_a_token_is_none(tokens, change):
    assert tokens.verify(change(tokens.create("one").secret), SCOPE) is None


def test_scope_and_expiry_hold(tokens):
    facts = tokens.create("one", (SCOPE,), days=1).facts
    now = datetime.now(UTC)
    assert facts.allows(SCOPE, now)
    assert not facts.allows(SCOPE, now + timedelta(days=2))
    assert not facts.allows("board:admin", now)


def test_wrong_names_scopes_and_days_are_refused(tokens):
    for arguments in (
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a", "days": 0},
        {"name": "a", "scopes": ("x",)},
    ):
        with pytest.raises(InvalidArgumentError):
            tokens.create(**arguments)
    with pytest.raises(UnknownNameError):
        tokens.revoke("nobody")
    assert tokens.all() == []


def test_a_file_from_before_there_were_owners_is_read_and_each_token_is_its_own(tokens):
    issued = tokens.create("one", (SCOPE,))
    with contextlib.closing(sqlite3.connect(tokens.path)) as connection, connection:
        connection.execute("ALTER TABLE tokens DROP COLUMN owner")
    assert tokens.verify(issued.secret, SCOPE).owner == issued.facts.identifier
    assert tokens.rotate(issued.facts.identifier).facts.owner == issued.facts.identifier
    assert tokens.verify(issued.secret, SCOPE) is None


def test_a_token_is_for_submissions_alone_unless_more_is_asked(tokens):
    assert tokens.create("one").facts.scopes == ("submissions:write",)
    with pytest.raises(UnknownNameError):
        tokens.create("one", owner="nobody")


def test_a_file_that_is_none_is_said(tmp_path):
    path = tmp_path / "tokens.sqlite"
    path.write_bytes(b"this is no database, " * 100)
    with pytest.raises(StoreError, match=r"tokens\.sqlite"):
        TokenFile(path).create("one")


def test_the_commands_create_list_and_revoke():
    runner = CliRunner()
    made = json.loads(runner.invoke(app, ["board", "token", "create", "lab", "--days", "3", "--json"]).stdout)
    assert made["token"].startswith(f"isc_{made['identifier']}_")
    listed = runner.invoke(app, ["board", "token", "list", "--json"]).stdout
    assert made["token"] not in listed
    assert json.loads(listed)["tokens"][0]["name"] == "lab"
    rotated = runner.invoke(app, ["board", "token", "rotate", made["identifier"], "--json"])
    assert json.loads(rotated.stdout)["owner"] == made["owner"] == made["identifier"]
    assert (
        runner.invoke(app, ["board", "token", "revoke", json.loads(rotated.stdout)["identifier"]]).exit_code
        == 0
    )
    listed = json.loads(runner.invoke(app, ["board", "token", "list", "--json"]).stdout)["tokens"]
    assert all(one["revoked"] for one in listed)


def test_a_bucket_refills_at_its_rate_and_forgets_who_is_gone():
    now = [0.0]
    buckets = TokenBuckets(2.0, 3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    now[0] = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    now[0] = 100.0
    for number in range(10_050):
        buckets.take(str(number))
    assert len(buckets._levels) <= 10_000
    assert buckets.take("0") == 0

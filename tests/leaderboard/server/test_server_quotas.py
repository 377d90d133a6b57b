"""Uploads, quotas, owners and the removal of bundles."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from board_examples import contents
from fastapi import HTTPException, Request
from fastapi.testclient import TestClient
from starlette.datastructures import UploadFile
from submission_examples import BENCHMARKS, LOOSE, zipped
from typer.testing import CliRunner

from innerscore.cli.app import app as command_line
from innerscore.core.settings import load_settings
from innerscore.leaderboard.queue import BundleStore, Failed, Queue, Quotas, prune
from innerscore.leaderboard.server import TokenFile, create_app
from innerscore.leaderboard.server.uploads import Uploads, form_with_token
from innerscore.leaderboard.store import Store
from innerscore.workflows.board_queue import quotas_of

MIB = 2**20


class Service:
    def __init__(self, folder, quotas=None):
        self.store = Store(f"sqlite:///{folder / 'board.sqlite'}")
        self.queue = Queue(self.store.url)
        self.tokens = TokenFile(folder / "tokens.sqlite")
        self.bundles = BundleStore(folder / "bundles")
        made = contents(("bo",), BENCHMARKS)
        app = create_app(self.store, made, self.tokens, self.bundles, limits=LOOSE, quotas=quotas)
        self.client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

    def send(self, token, data):
        return self.client.post(
            "/api/v1/submissions",
            headers={"Authorization": f"Bearer {token.secret}"},
            files={"bundle": ("b.zip", data)},
            data={"benchmarks": BENCHMARKS[:1]},
        )

    @property
    def kept(self):
        return sorted(path.stem for path in self.bundles.folder.rglob("*.zip"))


@pytest.fixture
def written(monkeypatch):
    """The bytes of files that a form's parser kept."""
    found, write = [], UploadFile.write

    async def noted(self, data):
        found.append(len(data))
        await write(self, data)

    monkeypatch.setattr(UploadFile, "write", noted)
    return found


def part(names, body):
    return f"--b\r\nContent-Disposition: form-data; {names}\r\n\r\n".encode() + body + b"\r\n"


TOKEN = part('name="token"', b"isc_x_y")
FILE = part('name="bundle"; filename="b.zip"', b"x" * 200_000)
FORMS = {
    "a wrong token": (TOKEN + FILE, 401),
    "no token": (FILE, 401),
    "a token after the file": (FILE + TOKEN, 401),
    "a field beyond all": (part('name="benchmarks"', b"x" * 5000) + TOKEN + FILE, 400),
    "no file": (TOKEN, 401),
}


@pytest.mark.parametrize("form", FORMS)
def test_no_byte_of_a_file_is_kept_before_its_token_was_looked_at(tmp_path, written, form):
    body, status = FORMS[form]
    service = Service(tmp_path)
    with service.client as client:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = client.post("/submit.html", content=body + b"--b--\r\n", headers=kind)
        assert answer.status_code == status, answer.text
        assert client.post("/submit.html", data={"token": "isc_x_y"}).status_code == 400
    assert written == []


def test_little_may_come_before_the_token(written):
    left = [part('name="benchmarks"', b"x" * 4000)] * 100

    async def receive():
        return {"type": "http.request", "body": left.pop(), "more_body": True}

    async def parsed():
        kind = [(b"content-type", b"multipart/form-data; boundary=b")]
        async with form_with_token(
            Request({"type": "http", "headers": kind}, receive), print, max_fields=500
        ):
            pass

    # In a thread of its own: the browser's tests have a loop of events running in this one.
    with ThreadPoolExecutor() as pool, pytest.raises(HTTPException, match="has to come before the file"):
        pool.submit(asyncio.run, parsed()).result()
    assert 75 < len(left) < 90


def test_uploads_go_on_one_at_a_time_for_each_owner_and_few_in_all():
    uploads = Uploads(2)
    with uploads.of("a"):
        with pytest.raises(HTTPException) as caught, uploads.of("a"):
            pass
        assert caught.value.status_code == 429
        with uploads.of("b"), pytest.raises(HTTPException), uploads.of("c"):
            pass
    with uploads.of("a"), uploads.of("c"):
        pass


LIMITED = {
    "submissions that wait or run": Quotas(open=2),
    "submissions in the last hour": Quotas(hourly=2),
    "names of candidates": Quotas(names=2),
    "bytes of bundles": Quotas(bundle_bytes=2 * len(zipped()) + 200),
}


@pytest.mark.parametrize("what", LIMITED)
def test_an_owner_has_so_much_and_no_more(tmp_path, what):
    service = Service(tmp_path, LIMITED[what])
    mine, other = service.tokens.create("one"), service.tokens.create("other")
    with service.client as client:
        for name in ("first", "second"):
            assert service.send(mine, zipped(identifier=name)).status_code == 201
        refused = service.send(mine, zipped(identifier="third"))
        assert (refused.status_code, refused.json()["error"]["kind"]) == (429, "QuotaError")
        assert f"Your {what} must be at most" in refused.json()["error"]["message"]
        files = {"bundle": ("b.zip", zipped(identifier="third"))}
        assert client.post("/submit.html", files=files, data={"token": mine.secret}).status_code == 429
        again = service.tokens.rotate(mine.facts.identifier)
        assert service.send(again, zipped(identifier="third")).status_code == 429
        assert service.send(again, zipped(identifier="first")).status_code == 201  # the same submission
        assert service.send(other, zipped(identifier="fourth")).status_code == 201
    assert len(service.kept) == len(service.queue.all()) == 3


def test_names_and_submissions_stay_their_owners_when_a_token_is_replaced(tmp_path):
    service = Service(tmp_path)
    first = service.tokens.create("one")
    with service.client as client:
        sent = service.send(first, zipped()).json()
        second = service.tokens.rotate(first.facts.identifier)
        assert service.send(first, zipped()).status_code == 401
        assert service.send(second, zipped(version=2)).status_code == 201
        third = service.tokens.create("a machine of one", owner=second.facts.owner)
        assert service.send(third, zipped(version=3)).status_code == 201
        assert service.send(service.tokens.create("other"), zipped(version=4)).status_code == 422
        headers = {"Authorization": f"Bearer {second.secret}"}
        address = f"/api/v1/submissions/{sent['identifier']}/withdraw"
        assert client.post(address, headers=headers).json()["state"] == "withdrawn"


def test_bundles_that_came_to_nothing_are_removed_after_their_time(tmp_path):
    service = Service(tmp_path)
    owner = service.tokens.create("one")
    sent = {}
    for name in ("failed", "withdrawn", "waiting", "scored"):
        sent[name] = service.send(owner, zipped(identifier=name)).json()
    for name, ended in (("failed", Failed("limit", "slow", "Be quicker.")), ("scored", None)):
        for lease in [service.queue.claim("w", seconds=60) for _ in range(3 if ended is None else 4)]:
            if lease.submission.candidate == name:
                service.queue.finish(lease, ended)
            else:
                service.queue.release(lease)
    service.queue.withdraw(sent["withdrawn"]["identifier"])
    orphan = service.bundles.path("0" * 64)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left behind")
    assert prune(service.queue, service.bundles, days=1).bundles == 0
    for path in service.bundles.folder.rglob("*.zip"):
        os.utime(path, (0, 0))
    assert (
        prune(service.queue, service.bundles, days=1).bundles == 1
    )  # ended a moment ago, but the orphan is old
    time.sleep(1.1)
    assert service.send(owner, zipped(identifier="withdrawn")).status_code == 201
    done = prune(service.queue, service.bundles, days=1e-9)
    assert done.bundles == 1
    assert service.kept == sorted(sent[name]["zip_sha256"] for name in ("withdrawn", "waiting", "scored"))


def test_the_settings_say_the_quotas_and_the_command_removes(monkeypatch):
    monkeypatch.setenv("INNERSCORE_QUOTA_NAMES", "3")
    monkeypatch.setenv("INNERSCORE_QUOTA_MB", "1")
    assert quotas_of(load_settings()) == Quotas(names=3, bundle_bytes=MIB)
    done = CliRunner().invoke(command_line, ["submission", "prune", "--json"])
    assert done.stdout.strip().replace("\n", "").replace(" ", "") == '{"bundles":0,"n_bytes":0}'

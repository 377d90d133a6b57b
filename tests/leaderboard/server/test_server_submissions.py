"""Submissions over HTTP: taken from whom may, refused with the reason, nothing kept of what is refused."""

import http.server
import socket
import threading
import time
import zipfile

import pytest
import uvicorn
import yaml
from board_examples import contents, many_entries
from fastapi.testclient import TestClient
from record_examples import failed
from submission_examples import BENCHMARKS, CARD, LOOSE, zipped
from typer.testing import CliRunner

from innerscore.cli.app import app as command_line
from innerscore.core.errors import InvalidInputError
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.queue import BundleStore, Failed, Queue
from innerscore.leaderboard.server import TokenFile, create_app
from innerscore.leaderboard.store import Store
from innerscore.workflows.remote_board import change


class Service:
    def __init__(self, folder):
        self.store = Store(f"sqlite:///{folder / 'board.sqlite'}")
        self.store.add_all(many_entries(4, 4, n_resamples=30))
        self.queue = Queue(self.store.url)
        self.tokens = TokenFile(folder / "tokens.sqlite")
        self.bundles = BundleStore(folder / "bundles")
        made = contents(tuple(f"candidate-{n:03d}" for n in range(4)), BENCHMARKS)
        self.app = create_app(self.store, made, self.tokens, self.bundles, limits=LOOSE)
        self.client = TestClient(self.app, base_url="http://localhost", raise_server_exceptions=False)

    def token(self, *scopes):
        return self.tokens.create("a test", scopes or ("submissions:write",))

    def post(self, data, secret, benchmarks=BENCHMARKS[:1]):
        headers = {"Authorization": f"Bearer {secret}"}
        fields = {"benchmarks": list(benchmarks)}
        return self.client.post(
            "/api/v1/submissions", headers=headers, files={"bundle": ("b.zip", data)}, data=fields
        )

    @property
    def kept(self):
        return [path for path in self.bundles.folder.rglob("*") if path.is_file()], self.queue.all()


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    with made.client:
        yield made


def test_a_bundle_is_taken_once_however_often_it_is_sent(service):
    secret = service.token().secret
    first, again = service.post(zipped(), secret), service.post(zipped(), secret)
    packed_later = service.post(zipped(year=2027), secret)
    assert zipped() == zipped() != zipped(year=2027)
    assert first.status_code == 201, first.text
    assert first.json()["identifier"] == again.json()["identifier"] == packed_later.json()["identifier"]
    assert (first.json()["state"], first.json()["benchmarks"]) == ("received", BENCHMARKS[:1])
    files, submissions = service.kept
    assert (len(files), len(submissions)) == (1, 1)
    assert service.bundles.read(first.json()["zip_sha256"]).content_sha256 == first.json()["content_sha256"]
    assert service.client.get(f"/api/v1/submissions/{first.json()['identifier']}").json() == again.json()


BAD = {
    "path": zipped(("../x", b"")),
    "link": zipped((zipfile.ZipInfo("x"), b"x")).replace(b"\x00\x00\xa4\x81", b"\x00\x00\xff\xa1"),
    "another member": zipped(("Model.py", b""), ("model.py", b"")),
    "packed to less": zipped(("x", bytes(2**22))),
    "safetensors": zipped(("w.pt", b"")),
    "whole zip": b"PK nothing",
    "registered here": zipped(identifier="candidate-001"),
    "valid CandidateCard": zipped(identifier="<script>"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_bundle_is_refused_and_nothing_kept(service, reason):
    body = BAD[reason]
    if reason == "link":
        info = zipfile.ZipInfo("x")
        info.external_attr = 0o120777 << 16
        body = zipped((info, b"/etc/passwd"))
    answer = service.post(body, service.token().secret)
    assert answer.status_code == 422
    assert reason in answer.json()["error"]["message"]
    assert service.kept == ([], [])


def test_who_may_not_is_refused_before_anything_is_looked_at(service):
    revoked = service.token()
    service.tokens.revoke(revoked.facts.identifier)
    expired = service.tokens.create("old", ("submissions:write",), days=1e-9)
    for secret in ("", "isc_x_y", revoked.secret, expired.secret, service.token("records:write").secret):
        answer = service.post(zipped(), secret)
        assert answer.status_code == 401
    assert service.post(bytes(2**20 + 1), service.token().secret).status_code == 413
    assert service.post(zipped(), service.token().secret, ["Nobody.nothing"]).status_code == 404
    assert service.kept == ([], [])
    sent = service.client.post(
        "/api/v1/records", headers={"Authorization": f"Bearer {service.token().secret}"}
    )
    assert sent.status_code == 401  # a submitter writes no records


def test_another_submitter_gets_neither_the_name_nor_the_submission(service):
    mine, other = service.token().secret, service.token().secret
    found = service.post(zipped(), mine).json()
    assert service.post(zipped(("x.py", b"")), other).status_code == 422
    address = f"/api/v1/submissions/{found['identifier']}/withdraw"
    assert service.client.post(address, headers={"Authorization": f"Bearer {other}"}).status_code == 404
    done = service.client.post(address, headers={"Authorization": f"Bearer {mine}"})
    assert done.json()["state"] == "withdrawn"


def test_the_version_of_another_bundle_is_refused_by_programs_and_by_the_form(service):
    secret = service.token().secret
    first = service.post(zipped(), secret).json()
    for data in (zipped(("x.py", b"")), zipped(title="Another title")):
        answer = service.post(data, secret)
        assert answer.status_code == 422
        assert "Raise 'version' in candidate.yaml" in answer.json()["error"]["message"]
        form = service.client.post(
            "/submit.html", files={"bundle": ("b.zip", data)}, data={"token": secret}, follow_redirects=False
        )
        assert form.status_code == 422
        assert "Raise &#39;version&#39; in candidate.yaml" in form.text
    assert service.post(zipped(("x.py", b""), version=2), secret).status_code == 201
    assert service.post(zipped(), secret).json()["identifier"] == first["identifier"]
    assert len(service.kept[1]) == 2


def test_its_author_reads_the_scores_and_takes_failures_off_the_board(service):
    mine, other = ({"Authorization": f"Bearer {service.token().secret}"} for _ in range(2))
    sent = service.post(zipped(), mine["Authorization"].split()[1]).json()
    address = f"/api/v1/submissions/{sent['identifier']}"
    assert (sent["results"], sent["page"]) == ([], "candidates/sent.html")
    service.queue.passed(service.queue.claim("w", seconds=60))
    lease = service.queue.claim("w", seconds=60)
    on_board = next(cell for cell in _cells(service) if cell["state"] == "value")
    for record in (service.store.record(on_board["record_sha256"]), failed("sent", BENCHMARKS[1])):
        entry = Entry(record, {}) if record.failure else next(_entry_of(service, record))
        service.queue.add_record(lease, entry)
    service.queue.finish(lease)
    scored, broken = service.client.get(address).json()["results"]
    assert (scored["normalised"], scored["status"]) == (on_board["normalised"], "value")
    assert [scored["place"][name] for name in ("rank_low", "rank_high")] == [
        on_board[name] for name in ("rank_low", "rank_high")
    ]
    assert (broken["status"], broken["normalised"], broken["place"]) == ("failed", None, None)
    page = service.client.get(f"/submissions/{sent['identifier']}.html").text
    assert "What came of it" in page
    assert 'href="../candidates/sent.html"' in page
    assert service.client.post(f"{address}/retire", headers=other).status_code == 404
    retired = service.client.post(f"{address}/retire", headers=mine)
    assert [one["status"] for one in retired.json()["results"]] == ["value"]
    assert service.client.get(f"/api/v1/records/{broken['record_sha256']}").status_code == 410


def _cells(service):
    return service.client.get("/api/v1/board", params={"limit": 1000}).json()["cells"]


def _entry_of(service, record):
    return (one for one in service.store.entries() if one.record == record)


def test_the_form_takes_it_without_a_script_and_shows_how_it_went(service):
    page = service.client.get("/submit.html")
    assert 'enctype="multipart/form-data"' in page.text
    files = {"bundle": ("b.zip", zipped())}
    refused = service.client.post("/submit.html", files=files, data={"token": "isc_x_y"})
    assert (refused.status_code, "nothing was kept" in refused.text) == (401, True)
    secret = service.token().secret
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    refused = service.client.post("/submit.html", files=files, data={"token": secret}, headers=elsewhere)
    assert refused.status_code == 403
    hostile = {"bundle": ("b.zip", zipped(("<script>alert(1)</script>", b"")))}
    refused = service.client.post("/submit.html", files=hostile, data={"token": secret})
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert service.kept == ([], [])
    taken = service.client.post("/submit.html", files=files, data={"token": secret}, follow_redirects=False)
    assert taken.status_code == 303
    lease = service.queue.claim("w", seconds=60)
    service.queue.finish(lease, Failed("limit", "<b>too slow</b>", "Be quicker."), log="<i>said</i>")
    shown = service.client.get(f"/{taken.headers['location']}")
    assert shown.status_code == 200
    for text in ("sent: failed", "&lt;b&gt;too slow", "Be quicker.", "&lt;i&gt;said"):
        assert text in shown.text
    assert secret not in shown.text
    assert service.client.get("/submissions/s-0123456789abcdef.html").status_code == 404


def test_the_interface_is_described(service):
    paths = service.client.get("/api/openapi.json").json()["paths"]
    assert paths["/api/v1/submissions"]["post"]["security"] == [{"token": []}]
    assert set(paths) >= {"/api/v1/submissions/{identifier}", "/api/v1/submissions/{identifier}/withdraw"}


class Sending(http.server.BaseHTTPRequestHandler):
    """A server that sends everybody on to another one, and notes what it was told."""

    def do_GET(self):
        self.server.heard.append(dict(self.headers))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(302)
        self.send_header("Location", self.server.target)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


def test_a_token_is_sent_to_the_host_that_was_named_and_no_further():
    other = http.server.HTTPServer(("127.0.0.1", 0), Sending)
    named = http.server.HTTPServer(("127.0.0.1", 0), Sending)
    for server in (other, named):
        server.heard, server.target = [], f"http://localhost:{other.server_address[1]}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(InvalidInputError, match=r"302.*sends us on to 'http://localhost"):
            change(f"http://127.0.0.1:{named.server_address[1]}", "s-1", "withdraw", "isc_secret")
    finally:
        named.shutdown()
        other.shutdown()
    assert named.heard[0]["Authorization"] == "Bearer isc_secret"
    assert other.heard == []


def test_the_commands_reach_a_board_that_is_served(service, tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "candidate.yaml").write_text(yaml.safe_dump(CARD))
    (folder / "candidate.py").write_text("class Model: ...\n")
    taken = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(service.app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    where = ["--url", f"http://127.0.0.1:{taken.getsockname()[1]}"]

    def call(*arguments):
        return CliRunner().invoke(command_line, [*arguments, *where])

    secret = ["--token", service.token().secret]
    sent = call("submit", str(folder), "-b", BENCHMARKS[0], *secret)
    identifier = sent.stdout.partition(":")[0]
    told = call("submission", "show", identifier)
    withdrawn = call("submission", "withdraw", identifier, *secret)
    nothing = call("submission", "show", "s-none")
    closed = call("submit", str(folder), "-b", BENCHMARKS[0])
    server.should_exit = True
    thread.join()
    taken.close()
    assert (sent.exit_code, told.exit_code, withdrawn.exit_code) == (0, 0, 0), sent.output
    assert "sent is received" in told.stdout
    assert "sent is withdrawn" in withdrawn.stdout
    assert (type(nothing.exception).__name__, type(closed.exception).__name__) == (
        "UnknownNameError",
        "InvalidInputError",
    )

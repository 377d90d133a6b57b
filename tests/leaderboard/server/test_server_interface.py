"""The service over HTTP: reads, writes, limits, headers, logs."""

import gzip
import json
import logging
import time
from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pyarrow.parquet as pq
import pytest
from board_examples import benchmark_names, contents, entry, failed, many_entries
from fastapi.testclient import TestClient

from innerscore.core.errors import StoreError
from innerscore.core.hashing import sha256_of_bytes
from innerscore.leaderboard.queue import BundleStore
from innerscore.leaderboard.server import Limits, TokenFile, create_app
from innerscore.leaderboard.server.live import LiveSite
from innerscore.leaderboard.server.tokens import SCOPES
from innerscore.leaderboard.store import Store

LOOSE = Limits(reads_per_second=1e5, read_burst=10**6, writes_per_second=1e5, write_burst=10**6)
NAMES = tuple(f"candidate-{n:03d}" for n in range(4))
BENCHMARKS = benchmark_names(4)


def one_entry(name="candidate-009", benchmark=BENCHMARKS[0], value=0.5, **changes):
    rng = np.random.default_rng(7)
    return entry(name, benchmark, value, rng.standard_normal(50), rng, **changes)


def parts(one):
    """An entry as a client sends it."""
    files = [("files", (name, body)) for name, body in one.files.items()]
    return [("record", ("record.json", one.record.to_json())), *files]


class Service:
    """A client on an app of its own."""

    def __init__(self, folder, limits=LOOSE, **changes):
        self.store = Store(f"sqlite:///{folder / 'board.sqlite'}")
        self.store.add_all(many_entries(4, 4, n_resamples=30))
        self.tokens = TokenFile(folder / "tokens.sqlite")
        self.lines = []
        logger = logging.getLogger(f"test.{folder}")
        logger.setLevel(logging.INFO)
        logger.handlers[:] = [_Kept(self.lines)]
        made = contents(NAMES, BENCHMARKS)
        bundles = BundleStore(folder / "bundles")
        app = create_app(self.store, made, self.tokens, bundles, limits=limits, logger=logger, **changes)
        self.client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

    def headers(self):
        return {"Authorization": f"Bearer {self.tokens.create('a test', SCOPES).secret}"}


class _Kept(logging.Handler):
    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    with made.client:
        made.client.get("/index.html")
        yield made


def test_pages_have_etags_and_are_sent_once(service):
    first = service.client.get("/candidates/candidate-000.html")
    assert first.status_code == 200
    again = service.client.get(
        "/candidates/candidate-000.html", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_every_answer_closes_the_page(service):
    for path in ("/", "/health", "/nothing", "/api/v1/records", "/static/board.js", "/records/x.json"):
        headers = service.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_health_and_readiness(service):
    assert service.client.get("/health").json() == {"status": "alive"}
    assert service.client.get("/ready").json() == {"status": "ready", "board": True, "store": True}


def test_records_come_page_by_page_and_byte_for_byte(service):
    found, after = [], 0
    while after is not None:
        page = service.client.get("/api/v1/records", params={"limit": 5, "after": after}).json()
        assert len(page["records"]) <= 5
        found += page["records"]
        after = page["next"]
    records = service.store.records()
    assert [one["run"] if "run" in one else one["created"] for one in found] == [r.created for r in records]
    body = service.client.get(f"/api/v1/records/{records[3].record_sha256}")
    assert body.content == records[3].to_json()
    assert service.client.get(f"/records/{records[3].record_sha256}.json").content == records[3].to_json()
    only = service.client.get("/api/v1/records", params={"candidate": "candidate-001"}).json()["records"]
    assert {one["inputs"]["candidate"]["identifier"] for one in only} == {"candidate-001"}


def test_the_board_comes_page_by_page(service):
    page = service.client.get("/api/v1/board", params={"limit": 3}).json()
    assert (len(page["cells"]), page["next"]) == (3, 3)
    last = service.client.get("/api/v1/board", params={"after": 15, "limit": 3}).json()
    assert (len(last["cells"]), last["next"]) == (1, None)


def test_the_board_of_an_earlier_day_is_shown_and_its_views_too(service):
    made = service.store.records()[0].created[:10]
    before = str(date.fromisoformat(made) - timedelta(days=1))
    client = service.client
    now = client.get("/api/v1/board", params={"as_of": made}).json()["cells"]
    past = client.get("/api/v1/board", params={"as_of": before}).json()["cells"]
    assert {cell["state"] for cell in past} == {"not run"}
    assert now == client.get("/api/v1/board").json()["cells"]
    page = client.get("/table.html", params={"as_of": before, "q": "candidate-00"}).text
    assert f"at the end of {before}" in page
    assert f'name="as_of" value="{before}"' in page
    assert "at the end of" not in client.get("/table.html").text
    assert "value" not in client.get("/board.csv", params={"as_of": before}).text.partition("\n")[2].split(
        ","
    )
    assert client.get("/table.html", params={"as_of": "never"}).status_code == 422
    assert client.get("/api/v1/board", params={"as_of": "never"}).status_code == 400


def test_the_interface_is_described_and_the_description_loads_nothing(service):
    schema = service.client.get("/api/openapi.json").json()
    assert schema["paths"]["/api/v1/records"]["post"]["security"] == [{"token": []}]
    assert "ResultRecord" in schema["components"]["schemas"]
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert service.client.get("/docs").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "bib"])
def test_a_view_is_downloaded(service, kind):
    body = service.client.get(f"/board.{kind}", params={"q": "candidate-002", "data": "recorded"}).content
    if kind == "parquet":
        assert set(pq.read_table(BytesIO(body)).column("candidate").to_pylist()) == {"candidate-002"}
    else:
        assert b"candidate-002" in body
        assert b"candidate-001" not in body


def test_writing_needs_a_token_in_force(service):
    issued = service.tokens.create("a test", SCOPES)
    one = one_entry()
    for headers in ({}, {"Authorization": "Bearer isc_x_y"}, {"Authorization": f"Basic {issued.secret}"}):
        answer = service.client.post("/api/v1/records", files=parts(one), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["kind"] == "HTTPError"
        assert "innerscore board token create" in answer.json()["error"]["message"]
    headers = {"Authorization": f"Bearer {issued.secret}"}
    answer = service.client.post("/api/v1/records", files=parts(one), headers=headers)
    assert answer.status_code == 201
    assert answer.json() == {"record_sha256": one.record.record_sha256, "added": True}
    again = service.client.post("/api/v1/records", files=parts(one), headers=headers)
    assert (again.status_code, again.json()["added"]) == (200, False)
    assert service.store.record(one.record.record_sha256) == one.record
    service.tokens.revoke(issued.facts.identifier)
    other = one_entry(seed=1)
    assert service.client.post("/api/v1/records", files=parts(other), headers=headers).status_code == 401


def test_a_new_record_is_on_the_board_soon(service):
    one = one_entry("newcomer", value=0.123)
    service.client.post("/api/v1/records", files=parts(one), headers=service.headers())
    deadline = time.monotonic() + 120
    while "newcomer" not in service.client.get("/table.html").text and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "newcomer" in service.client.get("/table.html").text
    assert "0.123" in service.client.get("/candidates/newcomer.html").text


def test_a_bad_record_is_refused_and_changes_nothing(service):
    headers, position = service.headers(), service.store.position
    good = one_entry()
    body = good.record.to_json()
    bad = [
        [("record", ("r", b"{}"))],
        [("record", ("r", body))],
        [("record", ("r", body + b" ")), *parts(good)[1:]],
        [("record", ("r", body)), ("files", ("targets.csv", b"a,b\n1\n"))],
        [("files", ("x", b"x"))],
        parts(one_entry(supersedes="1" * 64)),
    ]
    for sent in bad:
        answer = service.client.post("/api/v1/records", files=sent, headers=headers)
        assert answer.status_code in (409, 422)
        assert answer.json()["error"]["message"]
    assert service.store.position == position


def test_what_is_not_there_is_said_in_the_readers_form(service):
    html = service.client.get("/candidates/nobody.html", headers={"Accept": "text/html"})
    assert html.status_code == 404
    assert "Page not found" in html.text
    assert service.client.get("/api/v1/records/" + "0" * 64).json()["error"]["kind"] == "HTTPError"


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/static/../app.py", "/static/%2e%2e/page.py", "/records/../../x.json"]
)
def test_no_path_leads_out_of_the_site(service, path):
    assert service.client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/candidates/candidate-000.html", "/api/v1/board", "/api/v1/candidates"]
)
def test_a_reader_is_asked_to_come_back_until_the_first_board_is_there(tmp_path, monkeypatch, path):
    made = Service(tmp_path)

    def locked():
        raise StoreError("The store", got="database is locked", needed="one that can be read")

    monkeypatch.setattr(made.store, "latest", locked)
    with made.client as client:
        answer = client.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert "database is locked" in answer.json()["error"]["message"]
        assert client.get("/ready").status_code == 503
        assert client.get("/api/v1/records").status_code == 200


def test_other_host_names_are_refused(service):
    refused = service.client.get("/", headers={"Host": "evil.example"})
    assert (refused.status_code, refused.json()["error"]["kind"]) == (421, "WrongHost")
    assert service.client.get("/health", headers={"Host": "127.0.0.1:80"}).status_code == 200


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(tmp_path):
    made = Service(tmp_path, Limits(most_bytes=10_000))
    with made.client as client:
        headers = made.headers()
        assert client.post("/api/v1/records", content=b"x" * 20_000, headers=headers).status_code == 413
        chunks = (b"x" * 1000 for _ in range(20))
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = client.post("/api/v1/records", content=chunks, headers=headers | kind)
        assert answer.status_code in (400, 413)
        assert made.store.position == len(made.store.records())


def test_who_asks_too_often_waits(tmp_path):
    made = Service(tmp_path, Limits(reads_per_second=0.5, read_burst=3))
    with made.client as client:
        codes = [client.get("/health").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        assert int(client.get("/health").headers["retry-after"]) >= 1


def test_the_log_has_a_line_of_json_a_request_and_no_secret(service):
    headers = service.headers()
    service.lines.clear()
    service.client.post("/api/v1/records?key=hush", files=parts(one_entry()), headers=headers)
    service.client.get("/index.html?q=private")
    lines = [json.loads(line) for line in service.lines]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", "/api/v1/records", 201),
        ("GET", "/index.html", 200),
    ]
    secret = headers["Authorization"].split()[1]
    assert lines[0]["token"] == secret.split("_")[1]
    text = "\n".join(service.lines)
    assert secret not in text
    assert secret.split("_", 2)[2] not in text
    assert "hush" not in text
    assert "private" not in text


def test_pages_are_sent_compressed_to_who_takes_it(service):
    packed = service.client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = service.client.get("/", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert len(gzip.compress(plain.content)) < len(plain.content) / 3


def test_a_failure_is_told_without_its_inside(service, monkeypatch):
    monkeypatch.setattr(type(service.store), "record", lambda *_: 1 / 0)
    answer = service.client.get("/api/v1/records/" + "0" * 64)
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    [told] = [json.loads(line) for line in service.lines if "request failed" in line]
    assert "ZeroDivisionError" in told["traceback"]
    assert answer.headers["x-request-id"] == told["request"]
    assert told["request"] in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/api/v1/board", "/api/v1/records"])
@pytest.mark.parametrize(
    "query",
    [f"{name}={value}" for name in ("after", "limit") for value in (-1, 2**63, "9" * 5000, "1e3", "x", "")]
    + ["candidate=%00", "benchmark=" + "x" * 201],
)
def test_numbers_and_names_of_a_query_are_bounded(service, path, query):
    answer = service.client.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "InvalidParameter")
    assert service.client.get(f"{path}?after={2**63 - 1}").status_code == 200


def test_an_etag_is_the_whole_hash(service):
    for path in ("/index.html", "/api/v1/board"):
        answer = service.client.get(path)
        assert sha256_of_bytes(answer.content) in answer.headers["etag"]


def test_a_failed_candidate_is_shown_as_such(service):
    one = failed("unlucky", BENCHMARKS[0], reason="a very special reason")
    service.store.add_all([one])
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and service.client.get("/candidates/unlucky.html").status_code != 200:
        time.sleep(0.2)
    assert "a very special reason" in service.client.get("/candidates/unlucky.html").text


def test_a_hidden_record_is_gone_and_its_address_says_why(service):
    get = service.client.get
    chosen = service.store.records(candidate="candidate-001")[0]
    sha256, files = chosen.record_sha256, [f"/files/{one}" for one in chosen.files.values()]
    benchmark = chosen.inputs.benchmark.identifier
    page = "/candidates/candidate-001.html"
    assert sha256 in get(page).text
    service.store.hide(sha256, "copied <b>")
    for address in (f"/records/{sha256}.json", f"/api/v1/records/{sha256}"):
        gone = get(address)
        assert (gone.status_code, "copied <b>" in gone.json()["error"]["message"]) == (410, True)
    told = get(f"/records/{sha256}.json", headers={"Accept": "text/html"})
    assert (told.status_code, "copied &lt;b&gt;" in told.text) == (410, True)
    assert any(get(address).status_code == 410 for address in files)
    found = get("/api/v1/records", params={"limit": 1000}).json()["records"]
    assert len(found) == len(service.store.records())
    for _ in range(200):  # the board is made anew in the background
        cells = get("/api/v1/board", params={"candidate": "candidate-001", "benchmark": benchmark}).json()
        get("/index.html")
        if [cell["state"] for cell in cells["cells"]] == ["not run"]:
            break
        time.sleep(0.1)
    assert [cell["state"] for cell in cells["cells"]] == ["not run"]
    assert sha256 not in get(page).text
    assert sha256 not in get("/board.csv").text
    assert "copied &lt;b&gt;" in get("/data.html").text
    service.store.unhide(sha256, "it was not")
    assert get(f"/records/{sha256}.json").content == chosen.to_json()
    assert get(f"/records/{'1' * 64}.json").status_code == 404


def test_a_page_of_before_a_record_was_hidden_is_not_sent_again(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'board.sqlite'}")
    store.add_all(many_entries(2, 2, n_resamples=5))
    chosen = store.records()[0]
    live = LiveSite(store, contents(NAMES[:2], benchmark_names(2)))
    live.start().result()
    page = f"candidates/{chosen.inputs.candidate.identifier}.html"
    assert chosen.record_sha256.encode() in live.page(page, []).body
    store.hide(chosen.record_sha256, "copied")
    live._make()
    assert chosen.record_sha256.encode() not in live.page(page, []).body
    live.stop()

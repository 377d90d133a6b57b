"""Records that holders of tokens send: drawn before they are stored, shown as told, in nobody else's place."""

import io

import numpy as np
import pytest
from board_examples import benchmark_names, contents, entry, failed
from fastapi.testclient import TestClient

from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.records import Resampling
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.pages import write_site
from innerscore.leaderboard.queue import BundleStore
from innerscore.leaderboard.server import Limits, TokenFile, create_app
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store

LOOSE = Limits(reads_per_second=1e5, read_burst=10**6, writes_per_second=1e5, write_burst=10**6)
BENCHMARK = benchmark_names(1)[0]
PAGES = (
    "/",
    "/candidates/ada.html",
    f"/benchmarks/{BENCHMARK}.html",
    f"/cells/ada/{BENCHMARK}.html",
    "/board.parquet",
)
HEADER = "condition,step,x,y,decoded_x,decoded_y\n"


def one(name="ada", value=0.5, **changes):
    rng = np.random.default_rng(7)
    return entry(name, BENCHMARK, value, rng.standard_normal(50), rng, **changes)


def with_score(made, **changes):
    return Entry(
        made.record.model_copy(update={"score": made.record.score.model_copy(update=changes)}), made.files
    )


def with_files(made, **files):
    named = {name.replace("_", "-"): body for name, body in files.items()}
    named = {f"{name}.{'csv' if 'trace' in name else 'npy'}": body for name, body in named.items()}
    hashes = {name: sha256_of_bytes(body) for name, body in named.items()}
    changed = with_score(made, files=made.record.score.files | hashes)
    return Entry(changed.record, changed.files | named)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def with_maps(maps, scores=(0.1, 0.2)):
    own = {"autocorrelograms": npy(np.zeros((2, 5, 5))), "grid_scores": npy(np.asarray(scores))}
    return with_files(one(), rate_maps=maps if isinstance(maps, bytes) else npy(maps), **own)


def huge(name, value):
    score = one().record.score
    return with_score(one(), **{name: getattr(score, name).model_copy(update=value)})


GIANT = npy(np.zeros((2, 5, 5))).replace(b"(2, 5, 5), ", b"(2, 9, 99999999999), ")
BAD = {
    "maps with a header of more than there is": lambda: with_maps(GIANT),
    "maps that are a zip": lambda: with_maps(b"PK\x05\x06" + bytes(18)),
    "maps of another shape": lambda: with_maps(np.zeros((3, 5, 5))),
    "a trace of no form": lambda: with_files(one(), ball_trace=b"x,y\n1,2\n"),
    "a trace of a field beyond all": lambda: with_files(one(), ball_trace=(HEADER + "a" * 200_000).encode()),
    "a trace of large numbers": lambda: with_files(
        one(), ball_trace=(HEADER + "a,0,1e308,-1e308,1e308,0\n").encode()
    ),
    "a value of 1e308": lambda: huge("normalised", {"value": 1e308}),
    "an interval of 1e308": lambda: huge("raw", {"low": -1e308, "high": 1e308}),
    "a layer's value of 1e308": lambda: with_score(one(), layer_scores={"a": 1e308, "b": -1e308}),
    "units beyond a float": lambda: with_score(
        one(), resampling=Resampling(kind="jackknife", n_units=10**400)
    ),
}
LEFT_OUT = ("a value of 1e308", "an interval of 1e308", "a layer's value of 1e308")


class Service:
    def __init__(self, folder):
        self.store = Store(f"sqlite:///{folder / 'board.sqlite'}")
        self.tokens = TokenFile(folder / "tokens.sqlite")
        made = contents(("bo",), (BENCHMARK,))
        app = create_app(self.store, made, self.tokens, BundleStore(folder / "bundles"), limits=LOOSE)
        self.client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
        self.mine = self.tokens.create("a machine", ("records:write",))

    def send(self, made, token=None):
        files = [("files", (name, body)) for name, body in made.files.items()]
        headers = {"Authorization": f"Bearer {(token or self.mine).secret}"}
        parts = [("record", ("record.json", made.record.to_json())), *files]
        return self.client.post("/api/v1/records", files=parts, headers=headers)


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path)


def test_what_cannot_be_drawn_is_refused_with_the_reason_and_not_stored(service):
    service.store.add_all([one("bo")])
    with service.client:
        for name, make in BAD.items():
            answer = service.send(make())
            assert answer.status_code == 422, (name, answer.text)
        assert service.store.count == 1
        good = with_files(
            with_maps(np.random.default_rng(0).random((2, 5, 5))),
            ball_trace=(HEADER + "a,0,1,1,1,1\n").encode(),
        )
        assert service.send(good).status_code == 201


@pytest.mark.parametrize("name", BAD)
def test_no_record_that_is_stored_already_breaks_a_page_or_an_export(service, tmp_path, name):
    bad = BAD[name]()
    service.store.add_all([one("bo"), bad])
    with service.client as client:
        answers = {path: client.get(path) for path in PAGES}
        assert client.get("/candidates/bo.html").status_code == 200
    if "beyond a float" in name:
        assert answers["/candidates/ada.html"].status_code == 404
    else:
        assert {path: one.status_code for path, one in answers.items()} == dict.fromkeys(PAGES, 200)
        said = "".join(one.text for one in answers.values() if "html" in one.headers["content-type"])
        # Values beyond every axis are printed, and figures leave them out.
        assert ("cannot be drawn" in said) == (name not in LEFT_OUT)
    board = make_board(service.store.latest(), {}, {}, resamples=service.store.resamples)
    made = contents(("bo",), (BENCHMARK,))
    export_board(
        board, service.store, tmp_path / "out", site=lambda folder: write_site(service.store, made, folder)
    )
    assert (tmp_path / "out" / "index.html").exists()


def test_a_page_says_which_records_the_board_computed_and_which_it_was_told(service, tmp_path):
    service.store.add_all([one()])
    with service.client as client:
        assert service.send(one(value=0.9, seed=1)).status_code == 201
        page = client.get("/candidates/ada.html").text
    assert page.count("told, not computed here") == 1
    assert page.count("sent to this board by the holder of a token") == 1
    assert page.count("computed by this board") == 1
    copy = tmp_path / "copy.sqlite"
    service.store.copy_to(copy)
    origins = Store(f"sqlite:///{copy}").origins(service.store.records())
    assert sorted(origins.values()) == ["here", f"token:{service.mine.facts.owner}"]
    assert verify_store(service.store).findings == ()


def test_only_its_own_records_does_a_token_correct(service):
    computed = one()
    service.store.add_all([computed])
    other = service.tokens.create("another machine", ("records:write",))
    first = one(seed=1)
    with service.client:
        service.send(first)
        for corrected in (computed, first):
            taken = one(value=0.9, supersedes=corrected.record.record_sha256)
            assert service.send(taken, other).status_code == 409
        later = service.tokens.rotate(service.mine.facts.identifier)
        again = one(value=0.6, seed=1, supersedes=first.record.record_sha256)
        assert service.send(again, service.mine).status_code == 401
        assert service.send(again, later).status_code == 201
    assert service.store.count == 3


def test_what_was_told_takes_no_place_and_stops_no_run(service):
    computed = one(value=0.4)
    with service.client:
        assert service.send(one(value=0.9, created="2027-01-01T00:00:00+00:00")).status_code == 201
    assert service.store.current(computed.record.run_sha256) is None
    assert service.store.add(computed.record, files=computed.files)
    assert not service.store.add(computed.record, files=computed.files)
    assert service.store.latest() == [computed.record]
    assert service.store.current(computed.record.run_sha256) == computed.record
    assert verify_store(service.store).findings == ()


def test_a_later_failure_takes_a_values_place_only_if_it_corrects_it(service):
    value = one()
    service.store.add_all([value, failed("ada", BENCHMARK, seed=1, created="2027-01-01T00:00:00+00:00")])
    assert service.store.latest() == [value.record]
    later = failed(
        "ada", BENCHMARK, created="2028-01-01T00:00:00+00:00", supersedes=value.record.record_sha256
    )
    service.store.add_all([later])
    assert service.store.latest() == [later.record]


def test_a_board_of_nothing_but_a_record_that_no_board_can_hold_is_empty(service):
    bad = BAD["units beyond a float"]()
    service.store.add_all([bad])
    board = make_board(
        [bad.record], {}, contents((), (BENCHMARK,)).benchmarks, resamples=service.store.resamples
    )
    assert [section.rows for section in board.sections] == [()]

"""Records of whatever numbers and names a store may hold are exported, drawn and answered for."""

import json
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from board_examples import benchmark_names, contents
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from record_examples import csv_of, estimate, make_record

from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.records import Cost
from innerscore.figures import histogram, history, whiskers
from innerscore.figures.history import Moment
from innerscore.figures.intervals import Whisker
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.pages import write_site
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify_export import verify_export

BENCHMARKS = benchmark_names(2)
HUGE = 12345678901234567890
numbers = st.one_of(
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 1.7976931348623157e308, 5e-324, 1e-300, 1e16, HUGE]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none(),
)
finite = numbers.filter(lambda value: value is not None)
whole = st.one_of(st.sampled_from([0, 1, 2**63 - 1, 2**63, HUGE, -HUGE, 10**400]), st.integers())
texts = st.one_of(
    st.sampled_from(["", "a" * 300, "../../x", "<b>", "\x1b[2J", "\u202e", "=1+1"]), st.text(max_size=8)
)
times = st.sampled_from(["2026-01-01T00:00:00+00:00", "9999-12-31", "0001-01-01T00:00:00+23:59"])
written = st.sampled_from(["0.5", "nan", "inf", "-inf", "1e308", "-1e308", "1e999", "", "x", "9" * 400])


@st.composite
def estimates(draw):
    """A value and the ends of its interval, in no order."""
    changes = {"value": draw(numbers), "low": draw(numbers), "high": draw(numbers), "level": draw(finite)}
    return estimate(0.5).model_copy(update={name: as_float(value) for name, value in changes.items()})


def as_float(value):
    return None if value is None else float(value)


@st.composite
def entries(draw):
    """A record with the files that it names."""
    record = make_record(
        draw(st.one_of(st.sampled_from(["candidate-000", "candidate-001"]), texts)),
        draw(st.sampled_from(BENCHMARKS)),
        version=draw(st.integers(-(2**63), 2**63 - 1)),
        bundle=(draw(whole), "0" * 64),
        seed=abs(draw(whole)),
        cost=Cost(**{name: float(draw(finite)) for name in Cost.model_fields}),
        created=draw(times),
    )
    table = f"neuroid_id,raw,ceiling,normalised\nn,{draw(written)},{draw(written)},{draw(written)}\n".encode()
    score = record.score.model_copy(
        update={
            "raw": draw(estimates()),
            "ceiling": draw(estimates()),
            "normalised": draw(estimates()),
            "layer": draw(texts),
            "layer_scores": draw(st.dictionaries(texts, numbers.map(as_float), max_size=2)),
            "facts": draw(st.dictionaries(texts, st.one_of(finite, whole, texts), max_size=2)),
            "targets_sha256": sha256_of_bytes(table),
        }
    )
    return Entry(record.model_copy(update={"score": score}), {"targets.csv": table})


def stored_and_exported(several, folder):
    """The folder of an export of a store that holds the entries."""
    store = Store(f"sqlite:///{folder / 'store.sqlite'}")
    store.add_all(several)
    cards = contents(("candidate-000", "candidate-001"), BENCHMARKS)
    board = make_board(store.latest(), cards.candidates, cards.benchmarks, resamples=store.resamples)
    export_board(board, store, folder / "out", site=lambda target: write_site(store, cards, target) and None)
    store.close()
    return folder / "out"


@pytest.fixture
def scratch():
    """Makes an empty folder for each example."""
    made = []

    def make():
        made.append(Path(tempfile.mkdtemp(prefix="innerscore-absurd-")))
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],  # pages are slow to write; a failing example is small as it is
)
@given(several=st.lists(entries(), min_size=1, max_size=3))
def test_any_records_are_exported_with_their_pages_and_verified(several, scratch):
    out = stored_and_exported(several, scratch())
    assert verify_export(out).findings == ()
    assert len(list((out / "records").iterdir())) == len({one.record.record_sha256 for one in several})
    cells = json.loads((out / "board.json").read_text(), parse_constant=pytest.fail)["cells"]
    assert pq.read_table(out / "board.parquet").num_rows == len(cells)
    assert pq.read_table(out / "records.parquet").num_rows == len(list((out / "records").iterdir()))


@pytest.mark.parametrize("value", [1e16, 1e308, -1e308, 12345678901234567890.0])
def test_a_number_beyond_any_axis_is_left_out_of_figures_and_kept_in_their_tables(value):
    drawn = histogram([value], "Scores", "score", key="a")
    assert "1 more are not defined or too large" in str(drawn.svg)
    assert "nan" not in str(history([Moment("2026", value, -value, value, False)], "a", key="a").svg).lower()
    assert repr(value) in whiskers([Whisker("a", value, -value, value)], "a", "score", key="a").csv()


@pytest.mark.parametrize("version", [0, -1, 2**63 - 1])
def test_a_record_of_a_strange_version_is_in_every_download(version, scratch):
    record = make_record("candidate-000", BENCHMARKS[0], version=version, bundle=(10**20, "0" * 64))
    out = stored_and_exported([Entry(record, {"targets.csv": csv_of(0.5)})], scratch())
    assert verify_export(out).findings == ()
    cells = json.loads((out / "board.json").read_text())["cells"]
    assert record.record_sha256 in {cell["record_sha256"] for cell in cells}


@pytest.mark.parametrize("name", ["a\x1cb", "a\x85b", "a\u2028b", "a\r\nb", 'a",\n"b'])
def test_an_export_with_a_name_that_breaks_lines_is_read_back(name, scratch):
    record = make_record(name, BENCHMARKS[0])
    out = stored_and_exported([Entry(record, {"targets.csv": csv_of(0.5)})], scratch())
    assert verify_export(out).findings == ()

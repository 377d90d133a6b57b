"""What pages say of a row: which bundle it is, what earlier ones scored, its card, and whom it differs from."""

import itertools
import json
import re

import numpy as np
import pytest
from board_examples import candidate_card
from record_examples import csv_of, make_record, with_resamples
from scipy import stats

from innerscore.core.errors import InvalidCardError, InvalidDataError, StoreError
from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.records import CARD_FILE, candidate_card_json, read_record
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.importing import import_board
from innerscore.leaderboard.incoming_records import read_entry
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.pages import BoardContents
from innerscore.leaderboard.pages.site import Site
from innerscore.leaderboard.pages.snapshot import take_snapshot
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store
from innerscore.leaderboard.verify_export import verify_export

N_UNITS = 40
V1, V2 = (1, "a" * 64), (2, "b" * 64)


@pytest.fixture
def store(tmp_path):
    return Store(f"sqlite:///{tmp_path / 'board.sqlite'}")


def jackknifed(candidate, scores, **facts):
    """A record of its units' mean score, whose resamples leave out each once: its test is the paired t-test."""
    left_out = (scores.sum() - scores) / (len(scores) - 1)
    table = np.stack([left_out / 2, np.linspace(0.4, 0.6, len(scores)), left_out], axis=1)
    record = make_record(candidate, value=float(scores.mean()), **facts)
    return with_resamples(record, table, n_units=len(scores), kind="jackknife")


def page(store, path, contents=None):
    site = Site(take_snapshot(store, contents or BoardContents()), store)
    return site.document(path).body.decode(), site


def test_earlier_versions_stand_behind_the_newest_with_the_paired_difference(store):
    rng = np.random.default_rng(0)
    old = 0.5 + 0.1 * rng.normal(size=N_UNITS)
    new = old + 0.03 + 0.02 * rng.normal(size=N_UNITS)
    store.add_all(
        [jackknifed("gru", old, bundle=V1, created="2026-01-01"), jackknifed("gru", new, bundle=V2)]
    )
    html, site = page(store, "candidates/gru.html")
    assert f"Version 2, bundle <code>{'b' * 12}</code>" in html
    (one,) = site.content("candidates/gru.html").values["earlier"]
    expected = stats.ttest_rel(new, old)
    interval = expected.confidence_interval(0.95)
    found = (one.difference.value, one.difference.low, one.difference.high, one.difference.p_value)
    assert found == pytest.approx(
        ((new - old).mean(), interval.low, interval.high, expected.pvalue), rel=1e-3
    )
    shown = html[html.index("<h2>Earlier versions</h2>") :]
    assert f'<span class="clear">{(new - old).mean():.3f}</span>' in shown
    assert f"<td><code>{'a' * 12}</code></td>" in shown
    assert "p &lt; 0.001" in shown


def test_a_candidate_of_one_bundle_has_no_earlier_versions(store):
    store.add_all([jackknifed("gru", np.linspace(0, 1, N_UNITS))])
    assert "Earlier versions" not in page(store, "candidates/gru.html")[0]


def holm_by_hand(p_values):
    """The k-th smallest of m times m - k + 1, and no smaller than the one before it."""
    found, before = {}, 0.0
    for k, (pair, p) in enumerate(sorted(p_values.items(), key=lambda one: one[1])):
        before = found[pair] = min(max(before, p * (len(p_values) - k)), 1.0)
    return found


def test_compare_is_bold_where_the_board_tells_apart_and_nowhere_else(store):
    """Eight candidates a little apart: many pairs differ by themselves and not among all pairs."""
    rng = np.random.default_rng(1)
    shared = rng.normal(size=N_UNITS)
    scores = {f"c{k}": 0.3 * k + shared + rng.normal(size=N_UNITS) for k in range(8)}
    store.add_all([jackknifed(name, values) for name, values in scores.items()])
    pairs = list(itertools.combinations(scores, 2))
    alone = {pair: stats.ttest_rel(scores[pair[0]], scores[pair[1]]).pvalue for pair in pairs}
    corrected = holm_by_hand(alone)
    assert sum(alone[pair] <= 0.05 < corrected[pair] for pair in pairs) > 3
    site = Site(take_snapshot(store, BoardContents()), store)
    for first, second in pairs:
        html = site.document(f"compare/{first}+{second}.html").body.decode()
        ((kind, said),) = re.findall(r'<span class="((?:un)?clear)">.*?(p (?:=|&lt;) [\d.]+)', html)
        assert kind == ("clear" if corrected[first, second] <= 0.05 else "unclear")
        if corrected[first, second] < 0.001:
            assert said == "p &lt; 0.001"
        else:
            assert float(said.split()[-1]) == pytest.approx(corrected[first, second], rel=0.05)


# The candidate's card


def carded(name="gru", *, card=None, **facts):
    body = candidate_card_json(card or candidate_card(name, authors=("Grace", "Ada")))
    record = make_record(name, card_sha256=sha256_of_bytes(body), **facts)
    return Entry(record, {"targets.csv": csv_of(0.5), CARD_FILE: body})


def test_a_card_that_came_with_a_record_is_on_the_page_and_the_registered_one_goes_before(store):
    store.add_all([carded(), Entry(make_record("bare"), {"targets.csv": csv_of(0.5)})])
    html, site = page(store, "candidates/gru.html")
    assert "Its card is not at hand" not in html
    for said in ("The candidate gru", "Grace, Ada", "MIT", "@misc{gru"):
        assert said in html
    assert "Its card is not at hand" in page(store, "candidates/bare.html")[0]
    assert site.snapshot.rows["gru"][0][1].title == "The candidate gru"
    registered = BoardContents(candidates={"gru": candidate_card("gru", title="As registered")})
    assert "As registered" in page(store, "candidates/gru.html", registered)[0]


def test_the_card_goes_with_export_and_import_and_is_verified(store, tmp_path):
    store.add_all([carded()])
    assert verify_store(store).findings == ()
    export_board(make_board(store.latest(), {}, {}), store, tmp_path / "out")
    assert verify_export(tmp_path / "out").findings == ()
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert import_board(other, str(tmp_path / "out")).added == 1
    assert other.cards(other.latest())["gru"].authors == ("Grace", "Ada")
    (file,) = (tmp_path / "out" / "files").glob("*.json")
    file.write_bytes(file.read_bytes().replace(b"Grace", b"Mallo"))
    assert verify_export(tmp_path / "out").findings


def test_a_card_that_is_none_or_another_candidates_is_refused(store):
    good = carded()
    data, sha256 = good.record.to_json(), good.record.card_sha256
    files = {sha256_of_bytes(body): body for body in good.files.values()}
    assert read_entry(data, files).record == good.record
    with pytest.raises(InvalidDataError, match=CARD_FILE):
        read_entry(data, {name: body for name, body in files.items() if name != sha256})
    others = {
        InvalidDataError: candidate_card_json(candidate_card("somebody-else")),
        InvalidCardError: b'{"title": "nothing else"}',
    }
    for kind, body in others.items():
        record = make_record("gru", card_sha256=sha256_of_bytes(body))
        with pytest.raises(kind, match="card"):
            read_entry(record.to_json(), files | {sha256_of_bytes(body): body})
    with pytest.raises(StoreError, match=CARD_FILE):
        store.add_all([Entry(good.record, {"targets.csv": csv_of(0.5)})])


def test_records_without_a_card_keep_their_bytes():
    for version in (1, 2, 3):
        record = make_record(schema_version=version)
        assert "card_sha256" not in json.loads(record.to_json())
        assert read_record(record.to_json()) == record
    with pytest.raises(ValueError, match="no card of the candidate"):
        make_record(schema_version=2, card_sha256="0" * 64)

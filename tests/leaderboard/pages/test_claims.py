"""Published claims: every seed is compared, the verdict follows its rule, the page shows real before simulated."""

import dataclasses

import numpy as np
import pytest
from board_examples import benchmark_names, contents, entry

from innerscore.core.claims_report import ClaimsReport, read_claims, without_datasets
from innerscore.core.errors import InvalidInputError
from innerscore.leaderboard.pages.claims_page import claims_page
from innerscore.leaderboard.pages.render import render
from innerscore.leaderboard.pages.snapshot import take_snapshot
from innerscore.studies.claims import RULE, Claim, judged, load_claims, shipped_claims

FIRST, SECOND, OTHER_DATA = benchmark_names(8)[:3]
CLAIM = Claim(key="k", paper="P", claim="ada <is> better", benchmarks=(FIRST,), pairs=(("ada", "bo"),))


def scored(store, benchmark, **values):
    rng = np.random.default_rng(1)
    shared = rng.standard_normal(200)
    names = {name.replace("_", "-"): value for name, value in values.items()}
    store.add_all(entry(name, benchmark, value, shared, rng) for name, value in names.items())


def judge(claim, store, simulated=()):
    return judged(claim, store.records(), store.resamples, lambda name: name in simulated)


def test_a_claim_is_seen_if_every_interval_of_every_seed_is_above_0(store):
    scored(store, FIRST, ada=0.9, ada_seed1=0.8, ada_seed2=0.7, bo=0.2, cy=0.95)
    seen = judge(CLAIM, store)
    assert (seen.recorded, seen.simulated) == ("seen", "cannot be told here")
    assert [(one.better, one.worse) for one in seen.evidence] == [
        ("ada", "bo"),
        ("ada-seed1", "bo"),
        ("ada-seed2", "bo"),
    ]
    assert seen.evidence[0].value == pytest.approx(0.7)
    assert all(one.low < one.value < one.high for one in seen.evidence)


def test_one_seed_that_is_not_above_the_other_takes_the_verdict_away(store):
    scored(store, FIRST, ada=0.9, ada_seed1=0.2, bo=0.2)
    assert judge(CLAIM, store).recorded == "not seen"


def test_the_reverse_is_not_seen(store):
    scored(store, FIRST, ada=0.1, bo=0.9)
    assert judge(CLAIM, store).recorded == "not seen"


def test_one_benchmark_of_several_that_does_not_agree_takes_the_verdict_away(store):
    scored(store, FIRST, ada=0.9, bo=0.2)
    scored(store, SECOND, ada=0.2, bo=0.9)
    assert judge(CLAIM.model_copy(update={"benchmarks": (FIRST, SECOND)}), store).recorded == "not seen"


def test_what_was_not_scored_or_has_a_reason_cannot_be_told(store):
    assert judge(CLAIM, store).recorded == "cannot be told here"
    scored(store, FIRST, ada=0.9, bo=0.2)
    untold = judge(CLAIM.model_copy(update={"untold_recorded": "Not at hand."}), store)
    assert (untold.recorded, untold.why) == ("cannot be told here", "Not at hand.")
    assert len(untold.evidence) == 1  # shown all the same


def test_simulated_neurons_have_a_verdict_of_their_own_and_stand_last_and_marked(store):
    scored(store, FIRST, ada=0.2, bo=0.9)
    scored(store, OTHER_DATA, ada=0.9, bo=0.2)
    both = CLAIM.model_copy(update={"benchmarks": (OTHER_DATA, FIRST)})
    dataset = OTHER_DATA.partition(".")[0]
    claim = judge(both, store, simulated=[dataset])
    assert (claim.recorded, claim.simulated) == ("not seen", "seen")
    report = ClaimsReport(rule="Rule.", command="command", claims=(claim,))
    cards = dataclasses.replace(contents(["ada", "bo"], [FIRST, OTHER_DATA]), claims=report)
    text = render(claims_page(take_snapshot(store, cards)), "claims.html", live=False).decode()
    assert text.index(FIRST) < text.index(OTHER_DATA)
    assert "ada &lt;is&gt; better" in text
    assert "not seen" in text
    assert [one.key for one in without_datasets(report, {dataset}).claims] == []
    assert without_datasets(report, {"Other"}) == report


def test_a_board_without_a_report_says_so(store):
    page = claims_page(take_snapshot(store, contents(["ada"], [FIRST])))
    assert "No report on claims" in render(page, "claims.html", live=False).decode()


def test_the_shipped_report_is_of_the_declared_claims_by_the_rule():
    report = shipped_claims()
    declared = {claim.key: claim for claim in load_claims()}
    assert [one.key for one in report.claims] == list(declared)
    assert report.rule == RULE
    for one in report.claims:
        claim = declared[one.key]
        assert {row.benchmark for row in one.evidence} == set(claim.benchmarks)
        assert {row.better.partition("-seed")[0] for row in one.evidence} == {a for a, _ in claim.pairs}
        if not claim.untold_simulated:
            lows = [row.low for row in one.evidence if row.simulated]
            assert one.simulated == ("seen" if min(lows) > 0 else "not seen")


def test_a_file_that_is_no_report_is_refused():
    with pytest.raises(InvalidInputError, match="report on claims"):
        read_claims({"claims": [{"key": 3}]})

"""The page of recorded data sets: who leads, tied with whom, and what the cards say of terms and limits."""

import dataclasses

import numpy as np
from board_examples import benchmark_names, contents, dataset_card, entry

from innerscore.leaderboard.pages.recordings_page import SHARED, recordings_page
from innerscore.leaderboard.pages.render import render
from innerscore.leaderboard.pages.snapshot import take_snapshot

CANDIDATES = ("ada", "bo", "cy", "dee")
BENCHMARKS = benchmark_names(8)  # each data set has two
VALUES = (0.9, 0.71, 0.705, -0.12)


def page_of(store, scored=BENCHMARKS):
    rng = np.random.default_rng(1)
    for benchmark in scored:
        shared = rng.standard_normal(200)
        store.add_all(
            entry(name, benchmark, value, shared, rng) for name, value in zip(CANDIDATES, VALUES, strict=True)
        )
    cards = contents(CANDIDATES, BENCHMARKS)
    told = {"sharing": "scores", "tells": ("Who sees.",), "cannot_tell": ("Who <knows>.",)}
    known = {**cards.datasets, "Ant2020": dataset_card("Ant2020", **told)}
    return recordings_page(take_snapshot(store, dataclasses.replace(cards, datasets=known)))


def recordings(page):
    return {one.name: one for some in page.values["systems"].values() for one in some}


def test_recorded_data_sets_alone_stand_by_system_each_with_the_leader_of_every_benchmark(store):
    page = page_of(store)
    assert {s: [one.name for one in some] for s, some in page.values["systems"].items()} == {
        "Moving": ["Cat2022"],
        "Seeing": ["Ant2020", "Bee2021"],
    }
    for one in recordings(page).values():
        assert [leader.column.benchmark for leader in one.leaders] == [
            name for name in BENCHMARKS if name.startswith(one.name)
        ]
        assert {(leader.candidate, leader.n_candidates) for leader in one.leaders} == {("ada", 4)}
        assert {leader.tied for leader in one.leaders} == {()}
        assert {leader.score.value for leader in one.leaders} == {0.9}


def test_a_candidate_that_is_not_significantly_different_is_tied(store):
    rng = np.random.default_rng(2)
    shared = rng.standard_normal(200)
    for name, value in (("ada", 0.5), ("bo", 0.4999), ("cy", 0.1)):
        store.add_all([entry(name, BENCHMARKS[0], value, shared, rng)])
    [leader] = recordings(page_of(store, scored=[]))["Ant2020"].leaders
    assert (leader.candidate, leader.tied) == ("ada", ("bo",))


def test_benchmarks_without_a_value_are_named_with_the_way_to_get_one(store):
    page = page_of(store, scored=BENCHMARKS[1:])
    ant = recordings(page)["Ant2020"]
    assert ant.without == (BENCHMARKS[0],)
    text = render(page, "recordings.html", live=False).decode()
    assert f"No value yet: {BENCHMARKS[0]}." in text
    assert "innerscore data fetch Ant2020" in text


def test_terms_and_limits_are_those_of_the_card(store):
    page = page_of(store)
    text = render(page, "recordings.html", live=False).decode()
    assert SHARED["scores"] in text
    assert text.count(SHARED["scores"]) == 1
    assert "<li>Who sees.</li>" in text
    assert "<li>Who &lt;knows&gt;.</li>" in text

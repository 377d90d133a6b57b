"""What a metric needs of a recording is stated, documented, true, and no candidate's fault where it is missing."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from labelled_arrays import brain_array

from innerscore.core.errors import UnfitRecordingError
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric, registry
from innerscore.metrics.needs import Needs, ceiling_facts, check_needs

NAMES = list(registry(Settings()).entries())
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def brain(animals, *, conditions=8, repetitions=2):
    """Cells of animals that follow the same states, with noise."""
    rng = np.random.default_rng(0)
    names = np.repeat([f"c{k}" for k in range(conditions)], 4)
    signal = rng.normal(size=(len(names), len(animals)))
    trials = signal + 0.5 * rng.normal(size=(repetitions, *signal.shape))
    return brain_array(trials, {"condition": names}, animals)


def states_of(recorded):
    return recorded.mean("repetition")


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_states_what_it_needs_and_the_document_says_the_same(name):
    needs = load_metric(name, Settings()).needs
    assert min(needs.cells, needs.animals, needs.repetitions) >= 1
    assert needs.conditions >= 2
    assert f"| `{name}` | {needs} |" in DOCUMENT.read_text()


@pytest.mark.parametrize("animals", ["pppp" + "qqqq", "p" * 8, "pppp" + "qqqq" + "r"])
def test_animals_with_enough_cells_are_enough(animals):
    check_needs(load_metric("gridness", Settings()).needs, brain(animals))


@pytest.mark.parametrize(
    ("animals", "said"),
    [
        ("pq", "1 cell of p, 1 cell of q"),
        ("p" * 7, "7 cells of p"),
        ("pppp" + "qqq", "4 cells of p, 3 cells of q"),
    ],
)
def test_too_few_cells_are_refused_with_what_is_there_and_what_is_needed(animals, said):
    needs = load_metric("gridness", Settings()).needs
    with pytest.raises(UnfitRecordingError, match="4 cells in each of two animals or 8 in one") as caught:
        check_needs(needs, brain(animals))
    assert said in str(caught.value)


LEAST = {"animals": "ppqq", "conditions": 4, "repetitions": 2}


@pytest.mark.parametrize(
    "less", [{"animals": "pppp"}, {"animals": "pq"}, {"conditions": 3}, {"repetitions": 1}]
)
def test_each_thing_that_is_missing_is_refused(less):
    needs = Needs(animals=2, conditions=4, repetitions=2, cells_in_all=4)
    check_needs(needs, brain(**LEAST))
    with pytest.raises(UnfitRecordingError):
        check_needs(needs, brain(**(LEAST | less)))


@pytest.mark.parametrize("name", ["ridge", "ridge-animals", "one-to-one", "rsa", "cka", "procrustes"])
def test_a_metric_has_a_value_on_the_least_that_it_needs(name):
    metric = load_metric(name, Settings())
    least = brain("pppqqq", conditions=metric.needs.conditions, repetitions=metric.needs.repetitions)
    check_needs(metric.needs, least)
    assert np.isfinite(metric.value(states_of(least), least))
    assert np.isfinite(metric.ceiling(least))


def test_one_condition_less_than_ridge_needs_leaves_no_inner_folds():
    metric = load_metric("ridge", Settings())
    less = brain("pppqqq", conditions=metric.needs.conditions - 1)
    with pytest.raises(ValueError, match="n_inner"):
        metric.value(states_of(less), less)


def test_a_ceiling_says_how_many_cells_it_rests_on_and_whether_it_is_weak():
    few = ceiling_facts(Needs(), pd.DataFrame({"animal": ["p"]}), brain("ppq"))
    assert few == {
        "n_ceiling_cells": 3,
        "n_ceiling_animals": 2,
        "weak_ceiling": "3 cells of 2 animals, fewer than 20 cells",
    }
    many = ceiling_facts(Needs(), pd.DataFrame({"animal": ["p"]}), brain("p" * 20))
    assert many == {"n_ceiling_cells": 20, "n_ceiling_animals": 1}
    scored = pd.DataFrame({"neuroid_id": ["n0"], "animal": ["p"]})
    assert ceiling_facts(Needs(), scored, brain("ppq"))["n_ceiling_cells"] == 1
    without = ceiling_facts(
        load_metric("gridness", Settings()).needs, scored.drop(columns="neuroid_id"), brain("p" * 8 + "q")
    )
    assert (without["n_ceiling_cells"], without["n_ceiling_animals"]) == (8, 1)


def test_the_document_names_the_number_below_which_a_ceiling_is_weak():
    assert re.search(r"fewer than 20 cells that the ceiling is weak", DOCUMENT.read_text())

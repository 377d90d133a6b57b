"""What the command line does, from Python: pairs scored and stored, one by one or as a sweep; places, the board."""

import numpy as np
import pytest

import innerscore
from innerscore.core.errors import InvalidArgumentError, UnknownNameError
from innerscore.workflows.running import benchmarks_for


def test_pairs_are_scored_once_and_are_on_the_board(settings):
    names = ["position", "velocity", "ball-simulated"]
    first = innerscore.run(names, ["SimulatedMEC.rsa"], settings=settings)
    assert [(one.candidate, one.reused) for one in first] == [(name, False) for name in names]
    assert [one.record.status for one in first] == ["value", "value", "not applicable"]
    again = innerscore.run(names[:1], ["SimulatedMEC.rsa"], settings=settings)
    assert again[0].reused
    assert again[0].record == first[0].record
    rerun = innerscore.run(names[:1], ["SimulatedMEC.rsa"], rerun=True, settings=settings)
    assert rerun[0].record.supersedes == first[0].record.record_sha256
    assert rerun[0].record.values_sha256 == first[0].record.values_sha256

    board = innerscore.board(settings=settings)
    shown = board[board["state"] == "value"].set_index("candidate")
    assert set(shown.index) == {"position", "velocity"}
    for one in first[:2]:
        assert shown.loc[one.candidate, "normalised"] == one.record.score.normalised.value
        assert shown.loc[one.candidate, "normalised_low"] <= shown.loc[one.candidate, "normalised"]
    assert np.array_equal(shown.loc[["position", "velocity"], "rank_low"], [1, 2])


def test_an_unknown_name_is_refused_with_suggestions(settings):
    with pytest.raises(UnknownNameError, match="position"):
        innerscore.run(["positoin"], ["SimulatedMEC.rsa"], settings=settings)


def test_a_sweep_stores_what_a_run_does_and_every_score_has_its_place(settings):
    names, benchmarks = ["position", "velocity", "ball-simulated"], ["SimulatedMEC.rsa"]
    # As many in the sweep's process as in this one: the last bit depends on it on some processors.
    settings = settings.model_copy(update={"threads": 1})
    told = []
    swept = innerscore.sweep(
        names, benchmarks, jobs=1, progress=lambda *one: told.append(one), settings=settings
    )
    assert {(what, phase) for what, phase, _, _ in told} == {("sweep", "show"), ("sweep", "score")}
    assert told[-1][2] == told[-1][3]
    by_name = {one.candidate: one for one in swept}
    again = innerscore.run(names, benchmarks, settings=settings)
    assert all(one.reused for one in again)
    assert [by_name[one.candidate].record for one in again] == [one.record for one in again]
    alone = innerscore.score("position", benchmarks[0], settings=settings)
    assert by_name["position"].record.values_sha256 == alone.values_sha256

    position, velocity, nothing = innerscore.places(again, settings=settings)
    assert nothing is None
    assert ((position.rank_low, position.rank_high), position.n_compared) == ((1, 1), 2)
    assert (velocity.rank_low, velocity.rank_high) == (2, 2)
    board = innerscore.board(settings=settings).set_index("candidate")
    assert board.loc["velocity", "rank_low"] == velocity.rank_low


def test_a_file_of_activations_is_scored_on_named_benchmarks_only(settings, tmp_path):
    with pytest.raises(InvalidArgumentError, match="file of activations"):
        innerscore.run([str(tmp_path / "activations.npz")], settings=settings)


def test_a_table_of_predictions_is_scored_on_behavioural_benchmarks(settings):
    answered = benchmarks_for(["table.csv"], settings)
    assert answered
    assert set(answered) < set(benchmarks_for(["table.csv", "position"], settings))
    assert all(
        innerscore.load_benchmark(name, settings=settings).card.alignment == "answer" for name in answered
    )

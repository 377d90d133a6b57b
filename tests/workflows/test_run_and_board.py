"""What the command line does, from Python: pairs scored and stored, the board as a table."""

import numpy as np
import pytest

import innerscore
from innerscore.core.errors import UnknownNameError


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

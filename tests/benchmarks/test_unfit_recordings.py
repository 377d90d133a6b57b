"""A recording that cannot carry a metric is told of as such, and no candidate fails on it."""

import json

import pytest
from typer.testing import CliRunner

import innerscore
from innerscore.benchmarks import load_benchmark
from innerscore.checking import impossible_benchmarks
from innerscore.cli.app import app
from innerscore.cli.tables import result_line
from innerscore.core.errors import UnfitRecordingError

# The two rats with two lights have one cell each.
NAME = "Sargolini2006.MEC-direction"
THERE = "2 animals (1 cell of 11207, 1 cell of 11343)"
NEEDED = "4 cells in each of two animals or 8 in one"


def test_the_benchmark_refuses_its_recording_before_anybody_is_scored(mirrored):
    with pytest.raises(UnfitRecordingError) as caught:
        load_benchmark(NAME, mirrored).check_recording()
    assert THERE in str(caught.value)
    assert NEEDED in str(caught.value)


def test_nobody_fails_on_it_and_record_line_and_board_say_why(mirrored, monkeypatch):
    monkeypatch.setattr("innerscore.scoring.run.show_stimuli", lambda *_: pytest.fail("a candidate ran"))
    (result,) = innerscore.run(["velocity"], [NAME], settings=mirrored)
    assert (result.record.status, result.failed, result.error) == ("not applicable", False, None)
    assert result.record.schema_version == 4
    for text in (result.record.reason, result_line(result), result.to_json()["reason"]):
        assert THERE in text
        assert NEEDED in text
    assert "not possible with these data" in result_line(result)
    board = innerscore.board(settings=mirrored).set_index(["candidate", "benchmark"])
    cell = board.loc[("velocity", NAME)]
    assert cell["state"] == "not applicable"
    assert cell["note"] == f"not possible with these data: {result.record.reason}"
    (again,) = innerscore.run(["velocity"], [NAME], settings=mirrored)
    assert again.reused


def test_check_and_data_status_name_what_is_there_and_what_is_needed(mirrored, mirror, monkeypatch):
    found = impossible_benchmarks(mirrored)
    assert list(found) == [NAME]
    assert THERE in found[NAME]
    monkeypatch.setenv("INNERSCORE_MIRROR", str(mirror))
    checked = CliRunner().invoke(app, ["check", NAME, "--json"])
    assert checked.exit_code == 3
    (fault,) = json.loads(checked.stdout)["faults"]
    assert THERE in fault["reason"]
    assert NEEDED in fault["fix"]
    status = CliRunner().invoke(app, ["data", "status", "--json"])
    assert THERE in json.loads(status.stdout)["impossible"][NAME]


def test_a_weak_ceiling_is_in_the_record_and_in_the_line(mirrored):
    (result,) = innerscore.run(["velocity"], ["Sargolini2006.MEC-gridness"], settings=mirrored)
    facts = result.record.score.facts
    assert (facts["n_ceiling_cells"], facts["n_ceiling_animals"]) == (8, 1)
    assert "weak ceiling: 8 cells of 1 animal, fewer than 20 cells" in result_line(result)

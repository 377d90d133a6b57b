"""The board in the terminal: ranks and ties in it, nothing wider than the terminal, and candidates side by side."""

import json
import re

import numpy as np
import pytest
from record_examples import failed, make_record, with_resamples
from typer.testing import CliRunner

from innerscore.cli.app import app
from innerscore.leaderboard.store import Store

VALUES = {
    "best": 0.9,
    "near": 0.89,
    "middle": 0.6,
    "a-name-that-is-as-long-as-people-give-to-their-models": 0.1,
}
BENCHMARKS = [f"Kriegeskorte2008.benchmark-number-{n}" for n in range(8)]


@pytest.fixture
def run(settings, monkeypatch):
    """Four candidates on eight benchmarks: the first two differ by less than the noise of their difference."""
    rng = np.random.default_rng(0)
    store = Store(settings.store)
    for benchmark in [*BENCHMARKS, "SimulatedMEC.ridge"]:
        shared = rng.normal(0, 0.02, 500)
        for name, value in VALUES.items():
            normalised = value + shared + rng.normal(0, 0.02, 500)
            resampled = np.stack([0.5 * normalised, np.full(500, 0.5), normalised], axis=1)
            entry = with_resamples(make_record(name, benchmark, value=value), resampled)
            store.add(entry.record, files=entry.files)
    store.add(failed("broken", BENCHMARKS[0]))
    store.close()
    for name in ("store", "data_dir"):
        monkeypatch.setenv(
            f"INNERSCORE_{name.replace('store', 'store_url').upper()}", str(getattr(settings, name))
        )

    def call(*arguments, width=80):
        return CliRunner().invoke(app, arguments, env={"COLUMNS": str(width)})

    return call


def rows_of(text, name):
    return [line for line in text.splitlines() if line.startswith(name)]


@pytest.mark.parametrize("width", [60, 80, 160, 300])
def test_the_board_is_no_wider_than_the_terminal_and_cuts_no_name(run, width):
    said = run("board", width=width)
    assert said.exit_code == 0, said.output
    assert max(map(len, said.stdout.splitlines())) <= width
    for benchmark in BENCHMARKS:
        assert benchmark.partition(".")[2] in said.stdout
    assert sum(row.count("0.890 #1-2") for row in rows_of(said.stdout, "near")) == len(BENCHMARKS) + 1
    assert "failed" in rows_of(said.stdout, "broken")[0]
    assert said.stdout.index("SIMULATED") > said.stdout.index(BENCHMARKS[-1].partition(".")[2])


def test_candidates_of_which_nothing_ran_are_counted_and_not_listed(run):
    said = run("board").stdout
    assert re.search(r"\d+ candidates\s+not\s+run", said)
    assert "path-integrator-ugrnn" not in said


def test_one_benchmark_shows_intervals_and_ties(run):
    said = run("board", "-b", BENCHMARKS[0], width=120)
    ranks = [line.split()[:3] for line in said.stdout.splitlines() if "[" in line and "ceiling" not in line]
    assert ranks[:3] == [["1-2", "a", "best"], ["1-2", "a", "near"], ["3", "middle", "0.600"]]
    best = next(line for line in said.stdout.splitlines() if " best " in line)
    assert "0.900 [0.800, 1.000]" in best
    assert re.search(r"-+o-*:?", best)
    assert "1 candidate failed" in said.stdout
    assert max(map(len, run("board", "-b", BENCHMARKS[0], width=64).stdout.splitlines())) <= 64


def test_a_system_is_found_by_a_part_of_its_name(run):
    cells = json.loads(run("board", "--system", "mec", "--json").stdout)["cells"]
    assert {cell["benchmark"] for cell in cells} == {"SimulatedMEC.ridge"}
    one = json.loads(run("board", "-b", BENCHMARKS[1], "--json").stdout)["cells"]
    assert {cell["benchmark"] for cell in one} == {BENCHMARKS[1]}


@pytest.mark.parametrize(
    ("option", "name", "kind", "words"),
    [
        ("--system", "moon", "UnknownNameError", "The system name"),
        ("-b", "SimulatedMEC.ridg", "UnknownNameError", "Did you mean 'SimulatedMEC.ridge'"),
        (
            "-b",
            "SimulatedMEC.rsa",
            "InvalidInputError",
            "innerscore score CANDIDATE --benchmark SimulatedMEC.rsa",
        ),
    ],
)
def test_a_part_that_is_not_there_says_what_to_do(run, option, name, kind, words):
    error = run("board", option, name).exception
    assert type(error).__name__ == kind
    assert words in str(error)


def test_candidates_are_compared_by_the_boards_tests(run):
    said = run("compare", "best", "near", "middle", width=120)
    assert said.exit_code == 0, said.output
    assert max(map(len, said.stdout.splitlines())) <= 120
    assert (
        "recorded data: best higher on 0, near higher on 0, not significantly different on 8" in said.stdout
    )
    assert "recorded data: best higher on 8, middle higher on 0" in said.stdout
    found = json.loads(run("compare", "middle", "best", "-b", BENCHMARKS[2], "--json").stdout)
    (one,) = found["comparisons"]
    assert (one["first"], one["second"], one["benchmark"]) == ("middle", "best", BENCHMARKS[2])
    assert one["difference"] == pytest.approx(-0.3)
    assert one["difference_low"] < -0.3 < one["difference_high"] < 0
    assert one["p_corrected"] < found["alpha"] == 0.05


@pytest.mark.parametrize(
    ("arguments", "kind", "word"),
    [
        (["best"], "InvalidInputError", "two or more"),
        (["best", "nera"], "UnknownNameError", "near"),
        (["best", "pixels"], "InvalidInputError", "innerscore score best pixels"),
        (["best", "near", "-b", "Nothing.here"], "UnknownNameError", "Nothing.here"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(run, arguments, kind, word):
    error = run("compare", *arguments).exception
    assert type(error).__name__ == kind
    assert word in str(error)

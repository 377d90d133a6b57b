"""The validity study on cases whose truth is known, and what it keeps when it is interrupted."""

import dataclasses
import json
import math

import numpy as np
import pytest
from labelled_arrays import brain_array
from scipy.stats import t as student
from typer.testing import CliRunner

from innerscore.benchmarks import registry as benchmark_registry
from innerscore.candidates import registry as candidate_registry
from innerscore.cli.app import app
from innerscore.core.errors import (
    InvalidArgumentError,
    InvalidDataError,
    InvalidInputError,
    UnknownNameError,
)
from innerscore.core.labelled import coordinate
from innerscore.core.recovery_report import read_report
from innerscore.core.settings import Settings, load_settings
from innerscore.data_registry import load_dataset
from innerscore.leaderboard.pages import BoardContents, write_site
from innerscore.leaderboard.store import Store
from innerscore.metrics import load_metric
from innerscore.metrics.functional.statistics.reliability import split_half_reliability
from innerscore.studies.model_recovery import (
    Design,
    Study,
    fresh,
    fresh_calibration,
    run_study,
    shipped_report,
    why_not,
)
from innerscore.studies.model_recovery.brains import drives, repetitions
from innerscore.studies.model_recovery.controls import own_scores, shuffled_conditions, shuffled_time
from innerscore.studies.model_recovery.design import MetricUse, use_of_metric
from innerscore.studies.model_recovery.draws import Amount, brain_of
from innerscore.studies.model_recovery.recovery import _data_needed
from innerscore.studies.model_recovery.report import markdown
from innerscore.studies.model_recovery.scenes import (
    PreparedBenchmark,
    PreparedCandidate,
    _Data,
    median_reliability,
    prepare_benchmarks,
)
from innerscore.studies.model_recovery.states import (
    CandidateStates,
    _narrowed,
    labelled_states,
    rank_within,
    thinned,
)
from innerscore.workflows.board_contents import board_contents

NAMES = ("ball-simulated", "ball-visible", "pixels")
N_CONDITIONS, N_BINS, N_UNITS = 24, 8, 5
DESIGN = Design(draws=3, reliabilities=(0.9,), n_neurons=16, limit_neurons=32)


def silent(stage, done, of):
    """Show nothing."""


def empty_samples():
    """A recording of nothing over conditions and times, for its coordinates."""
    conditions = np.repeat([f"c{k:02d}" for k in range(N_CONDITIONS)], N_BINS)
    time = np.tile(np.arange(N_BINS) * 50.0, N_CONDITIONS)
    trials = np.random.default_rng(5).poisson(3.0, (4, N_CONDITIONS * N_BINS, 8)).astype(float)
    samples = {"stimulus_id": conditions, "condition": conditions}
    samples |= {"time_bin_start_ms": time, "time_bin_end_ms": time + 50}
    return brain_array(trials, samples, "aaaabbbb", region="DMFC")


@pytest.fixture(scope="module")
def scene():
    """Three candidates of independent states, that have nothing in common, on a ridge benchmark."""
    settings = Settings()
    samples = empty_samples()
    card = benchmark_registry(settings).find("SimulatedDMFC.occluded-ridge").card
    metric = load_metric(
        "ridge", settings, alphas=(1e-2, 1.0, 1e2), n_outer=3, n_inner=2, n_boot=40, n_splits=2
    )
    cards = candidate_registry(settings)
    candidates = {}
    for number, name in enumerate(NAMES):
        states = np.random.default_rng(number).standard_normal((samples.sizes["presentation"], N_UNITS))
        held = CandidateStates({"state": labelled_states(states, samples)}, states, "state")
        candidates[name] = PreparedCandidate(name, cards.find(name).card, f"{number}" * 64, held)
    return PreparedBenchmark(
        card, load_dataset(card.dataset, settings), metric, MetricUse(), samples, None, candidates
    )


def study(scene, folder, **changes):
    return Study(DESIGN, [scene], folder, **changes)


def files_below(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix == ".json"
    }


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, run_study(study(scene, folder), silent)


def test_a_brain_comes_from_whom_it_came_from(whole):
    (found,) = whole[1].recovery
    assert found.candidates == NAMES
    np.testing.assert_array_equal(found.first, 3 * np.eye(3, dtype=int))
    assert found.alone == found.in_front == (3, 3, 3)
    assert found.missed == ()
    assert found.pairs == ()
    assert found.measured_reliability == pytest.approx(0.9, abs=0.06)
    assert found.share_first == found.share_alone == 1


def test_rows_of_a_confusion_matrix_add_up_to_the_draws(scene, tmp_path):
    noisy = Design(draws=2, reliabilities=(0.15,), n_neurons=8, limit_neurons=16)
    (found,) = run_study(Study(noisy, [scene], tmp_path), silent).recovery
    assert [sum(row) for row in found.first] == [2, 2, 2]
    firsts = [row[place] for place, row in enumerate(found.first)]
    for alone, first, in_front in zip(found.alone, firsts, found.in_front, strict=True):
        assert alone <= first <= in_front <= 2


def test_an_interrupted_study_goes_on_to_the_same_bytes(scene, whole, tmp_path):
    calls = []

    def interrupt(stage, done, of):
        calls.append(stage)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(study(scene, tmp_path), interrupt)
    kept = sorted(tmp_path.rglob("draw-*.json"))
    assert 0 < len(kept) < 9
    kept[0].write_bytes(kept[0].read_bytes()[:40])  # a file cut short is made again
    report = run_study(study(scene, tmp_path), silent)
    assert files_below(tmp_path) == files_below(whole[0])
    assert report.model_dump_json() == whole[1].model_dump_json()


def test_what_is_there_is_not_made_again(scene, whole):
    before = {path: path.stat().st_mtime_ns for path in whole[0].rglob("*.json")}
    run_study(study(scene, whole[0]), silent)
    assert {path: path.stat().st_mtime_ns for path in whole[0].rglob("*.json")} == before


def test_another_seed_or_candidate_is_another_study(scene, whole, tmp_path):
    other = run_study(Study(Design(**{**vars(DESIGN), "seed": 1}), [scene], tmp_path), silent)
    assert not set(files_below(tmp_path)) & set(files_below(whole[0]))
    assert other.recovery[0].measured_reliability != whole[1].recovery[0].measured_reliability


def test_without_time_the_report_is_of_what_is_there(scene, whole):
    report = run_study(study(scene, whole[0], rounds_until=-1.0, deadline=-1.0), silent)
    assert report.model_dump_json() == whole[1].model_dump_json()


def test_without_time_nothing_is_said_of_a_benchmark(scene, tmp_path):
    report = run_study(study(scene, tmp_path, rounds_until=-1.0), silent)
    assert report.recovery == ()
    assert [one.name for one in report.left_out] == ["SimulatedDMFC.occluded-ridge"]


def test_a_brain_as_recorded_has_the_recordings_cells_animals_gaps_and_reliability(scene):
    samples = scene.samples.copy(deep=True)
    samples[:, :40, 2] = np.nan
    samples["animal"] = ("neuroid", ["a"] * 3 + ["b"] * 5)
    recorded = dataclasses.replace(scene, samples=samples)
    design = dataclasses.replace(DESIGN, as_recorded=True)
    (reliability,) = recorded.reliabilities(design)
    assert reliability == max(round(median_reliability(samples), 3), 0.1)
    brain = brain_of(recorded, "pixels", design, 0.8, "test")
    assert coordinate(brain, "animal").tolist() == ["a"] * 3 + ["b"] * 5
    np.testing.assert_array_equal(np.isnan(brain.values), np.isnan(samples.values))
    assert median_reliability(brain) == pytest.approx(0.8, abs=0.1)
    twice = brain_of(recorded, "pixels", design, 0.8, "test", Amount(neurons=2, repetitions=2))
    assert np.isnan(twice.values).sum() == 4 * np.isnan(samples.values).sum()


@pytest.mark.parametrize("reliability", [0.3, 0.6, 0.9])
def test_reliability_is_the_one_wanted(reliability):
    rng = np.random.default_rng(0)
    drive = drives(rng.standard_normal((600, 30)), 150, 5, rng)
    counts = repetitions(drive, 8, reliability, rng)
    found = np.median(split_half_reliability(counts, n_splits=20).mean)
    assert found == pytest.approx(reliability, abs=0.03)
    assert (counts == np.round(counts)).all()
    assert counts.min() >= 0


def test_neurons_sum_few_units_under_positive_weights():
    rng = np.random.default_rng(1)
    states = rng.standard_normal((200, 12))
    states[:, 3] = 7.0
    drive = drives(states, 40, 3, rng)
    weights = np.linalg.lstsq(states - states.mean(0), drive - drive.mean(0), rcond=None)[0]
    weights[np.abs(weights) < 1e-9] = 0
    np.testing.assert_array_equal((weights > 0).sum(0), 3)
    assert (weights >= 0).all()
    assert (weights[3] == 0).all()
    np.testing.assert_allclose(drive.min(0), 0, atol=1e-12)
    with pytest.raises(InvalidDataError, match="constant"):
        drives(np.ones((20, 3)), 4, 2, rng)


def test_a_wide_layer_keeps_its_distances_and_neurons_lie_in_its_span():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((50, 5)) @ rng.standard_normal((5, 300))
    narrow, units = _narrowed(values, MetricUse(), Design(max_units=10), "layer")
    assert narrow.shape == (50, 5)
    gram = (values - values.mean(0)) @ (values - values.mean(0)).T
    np.testing.assert_allclose(narrow @ narrow.T, gram, atol=1e-8 * np.abs(gram).max())
    residual = np.linalg.lstsq(narrow, units - units.mean(0), rcond=None)[1]
    np.testing.assert_allclose(residual, 0, atol=1e-9)
    single = MetricUse(single_units=True)
    some, same = _narrowed(values, single, Design(max_units=10), "layer")
    assert some is same or np.array_equal(some, same)
    assert {tuple(column) for column in some.T} <= {tuple(column) for column in values.T}


def test_thinning_keeps_every_condition_evenly():
    samples = thinned(empty_samples(), 50)
    assert samples.sizes["presentation"] == 48
    assert set(coordinate(samples, "time_bin_start_ms")) == {0.0, 200.0}
    np.testing.assert_array_equal(rank_within(np.array(["b", "a", "b", "a", "b"])), [0, 0, 1, 1, 2])


def test_draws_of_other_code_lie_elsewhere(scene, tmp_path):
    other = PreparedBenchmark(**{**vars(scene), "metric": load_metric("rsa", Settings())})
    places = [study(one, tmp_path).files[one.name] for one in (scene, scene, other)]
    assert places[0] == places[1] != places[2]


def test_shuffles_lose_time_or_condition_and_nothing_else():
    conditions = np.repeat(["a", "b", "c", "d"], [4, 6, 4, 5])
    order = shuffled_time(conditions, 0)
    np.testing.assert_array_equal(np.sort(order), np.arange(19))
    np.testing.assert_array_equal(conditions[order], conditions)
    assert (order != np.arange(19)).any()
    order = shuffled_conditions(conditions, 0)
    assert (conditions[order] != conditions).all()
    for name in "abcd":
        assert (np.diff(order[conditions == name]) >= 0).all()


def test_shuffled_controls_of_the_true_model_are_near_zero(scene):
    brain = brain_of(scene, "pixels", DESIGN, 0.9, "test")
    held = PreparedBenchmark(**{**vars(scene), "samples": brain})
    own = own_scores(held, seed=0)
    assert own["best"] == "pixels"
    assert own["models"]["pixels"]["value"] > 0.9
    for score in own["shuffled"].values():
        assert abs(score["value"]) < 0.25
    assert set(own["variables"]) == {"elapsed time", "elapsed time, as time fields"}


def test_the_data_needed_are_those_at_which_the_test_begins_to_tell_apart():
    times = _data_needed(0.02, 0.05, n_pairs=10)
    p_value = 2 * student.sf(0.02 / (0.05 / math.sqrt(times)), 50)
    assert 10 * p_value == pytest.approx(0.05)
    assert _data_needed(1.0, 0.01, n_pairs=10) == 1
    assert _data_needed(-0.1, 0.05, n_pairs=10) is None


def test_every_home_benchmark_has_a_study_or_a_reason(settings):
    home = [
        entry.card for name, entry in benchmark_registry(settings).entries().items() if "Simulated" in name
    ]
    studied = [card for card in home if why_not(card) is None]
    assert len(studied) >= 17
    assert {card.metric for card in home} - {card.metric for card in studied} >= {
        "ball-decoding",
        "position-error",
    }
    for card in studied:
        load_metric(card.metric, settings, **{**card.parameters, **use_of_metric(card).fast})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"draws": 0}, "draws"),
        ({"reliabilities": (0.6, 1.2)}, "reliability"),
        ({"reliabilities": ()}, "reliability"),
        ({"n_neurons": 4}, "neurons"),
    ],
)
def test_an_impossible_design_is_refused(changes, said):
    with pytest.raises(InvalidArgumentError, match=said):
        Design(**changes)


def test_benchmarks_without_neurons_and_lone_candidates_are_refused(settings):
    with pytest.raises(InvalidArgumentError, match="whatever brain"):
        prepare_benchmarks(["SimulatedDMFC.ball-decoding"], ["pixels"], DESIGN, settings, silent)
    with pytest.raises(InvalidArgumentError, match="2 or more"):
        prepare_benchmarks(["SimulatedMEC.rsa"], ["pixels"], DESIGN, settings, silent)


def test_the_report_is_one_that_the_page_reads_and_shows(whole):
    report = whole[1]
    assert read_report(json.loads(report.model_dump_json())) == report
    text = markdown(report)
    for name in NAMES:
        assert name in text
    calibrated = report.calibration[0]
    assert calibrated.n == 27
    assert calibrated.covered + calibrated.below + calibrated.above == pytest.approx(1)
    with pytest.raises(InvalidInputError, match="first"):
        read_report({"recovery": [{**report.recovery[0].model_dump(), "first": [[1]]}]})


def test_the_page_shows_the_report_with_its_figures(whole, tmp_path):
    report = whole[1].model_copy(update={"study": "<b>ours</b>", "command": "innerscore recovery"})
    store = Store(f"sqlite:///{tmp_path / 'board.sqlite'}")
    write_site(store, BoardContents(trust=report.model_dump(mode="json")), tmp_path / "site")
    page = (tmp_path / "site" / "trust.html").read_text()
    assert "&lt;b&gt;ours&lt;/b&gt;" in page
    for key in ("recovery-0", "controls-0"):
        assert (tmp_path / "site" / "figures" / "trust" / f"{key}.svg").is_file()
    counts = (tmp_path / "site" / "figures" / "trust" / "recovery-0.csv").read_text().splitlines()
    assert [line for line in counts if line.endswith(",3")] == [f"{name},{name},3" for name in NAMES]


def test_a_report_keeps_what_an_older_one_says_of_other_benchmarks(whole):
    new = whole[1].model_copy(update={"command": "b", "code": "2"})
    moved = new.recovery[0].model_copy(update={"benchmark": "SimulatedMEC.rsa", "command": "a", "code": "1"})
    stale = new.recovery[0].model_copy(update={"command": "stale"})
    older = new.model_copy(update={"recovery": (moved, stale), "command": "stale\na", "controls": ()})
    both = new.beside(older)
    assert both.benchmarks == ("SimulatedDMFC.occluded-ridge", "SimulatedMEC.rsa")
    assert (both.command, both.code) == ("a\nb", "1\n2")
    assert len(both.calibration) == 1
    assert new.beside(None) == new.beside(new) == new


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        (["--draws", "0"], SystemExit, 2),
        (["--reliability", "1.5"], InvalidArgumentError, 3),
        (["--as-recorded"], InvalidArgumentError, 3),
        (["--as-recorded", "--benchmark", "SimulatedMEC.rsa", "-r", "0.6"], InvalidArgumentError, 3),
        (["--benchmark", "SimulatedMEC.rigde"], UnknownNameError, 5),
        (["--benchmark", "SimulatedDMFC.simulation-index"], InvalidArgumentError, 3),
        (["--benchmark", "SimulatedMEC.rsa", "--candidate", "nobody"], UnknownNameError, 5),
    ],
)
def test_bad_options_are_refused(options, error, code):
    result = CliRunner().invoke(app, ["recovery", *options])
    assert isinstance(result.exception, error)
    assert getattr(result.exception, "exit_code", result.exit_code) == code
    assert not (load_settings().data_dir / "validity.json").exists()


def test_the_command_studies_what_it_is_told_and_the_board_shows_it():
    options = [
        "-b",
        "SimulatedMEC.one-to-one",
        "-c",
        "position",
        "-c",
        "velocity",
        "--draws",
        "1",
        "-r",
        "0.9",
    ]
    result = CliRunner().invoke(app, ["recovery", *options])
    assert result.exit_code == 0, result.output
    settings = load_settings()
    report = read_report(json.loads((settings.data_dir / "validity.json").read_bytes()))
    (found,) = report.recovery
    assert (found.benchmark, found.first) == ("SimulatedMEC.one-to-one", ((1, 0), (0, 1)))
    assert {one.variable for one in report.nuisance} >= {"position", "border distance", "velocity and speed"}
    assert "SimulatedMEC.one-to-one" in (settings.data_dir / "validity.md").read_text()
    assert board_contents(settings).trust == json.loads(report.model_dump_json())


def test_conditions_are_drawn_anew_for_tasks_in_time(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(fresh, "_FURTHER_SETS", 1)
    names, benchmarks = ["ball-simulated", "ball-visible"], ["SimulatedDMFC.occluded-rsa"]
    scenes, _ = prepare_benchmarks(benchmarks, names, DESIGN, settings, silent)
    files = Study(DESIGN, scenes, tmp_path).files
    (found,) = fresh_calibration(scenes, files, 1, DESIGN, settings, silent)
    assert (found.conditions, found.n, found.covered_mean) == ("drawn anew", 2, None)
    sets = sorted(path.name for path in tmp_path.rglob("fresh/*.json"))
    assert sets == ["limits-0001.json", "set-0000.json"]
    clips = [_Data(settings, seed).stimuli("SimulatedDMFC").content_hash for seed in (None, 3)]
    assert clips[0] == scenes[0].stimuli.content_hash != clips[1]
    assert fresh_calibration(scenes, files, 0, DESIGN, settings, silent) == []


def test_what_is_shipped_can_be_shown():
    report = read_report(shipped_report())
    assert report.study
    assert report.command.startswith("innerscore recovery")
    for one in report.recovery:
        firsts = [sum(row) for row in one.first]
        unscored = one.unscored or (0,) * len(firsts)
        assert [sum(pair) for pair in zip(firsts, unscored, strict=True)] == [one.draws] * len(firsts)

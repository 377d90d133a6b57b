import os
import time

import numpy as np
import pandas as pd
import pytest
from candidate_folder import write_candidate

from innerscore.benchmarks import Benchmark, load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.activations import TimedValues
from innerscore.core.errors import CandidateError, MissingPartError
from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.records import CARD_FILE, read_candidate_card
from innerscore.core.resamples import read_resamples
from innerscore.core.scores import Estimate, Score
from innerscore.core.stimuli import SelfMotion
from innerscore.scoring import execute, prepare
from innerscore.scoring.activation_cache import ActivationCache, delete_oldest, show_stimuli
from innerscore.scoring.activation_file import activation_inputs
from innerscore.scoring.from_file import score_file

BENCHMARK = "SimulatedMEC.rsa"

CODE = """
import os
class Model:
    def activations(self, stimulus):
        {body}
"""


def make(folder, body):
    return str(write_candidate(folder, CODE.format(body=body)))


def run(candidate, settings, seed=0, benchmark=BENCHMARK):
    return execute(prepare(candidate, load_benchmark(benchmark, settings), settings, seed=seed), settings)


@pytest.mark.once
@pytest.mark.parametrize("candidate", ["position", "random-rnn"])
def test_two_runs_have_equal_hashes_of_their_values(settings, tmp_path, candidate):
    first = run(candidate, settings)
    second = run(candidate, settings.model_copy(update={"cache_dir": tmp_path / "other"}))
    assert first.record.values_sha256 == second.record.values_sha256
    assert first.targets_csv == second.targets_csv
    assert first.record.status == "value"


@pytest.mark.once
def test_another_seed_is_another_run_with_other_values(settings):
    first, second = run("random-rnn", settings, seed=0).record, run("random-rnn", settings, seed=1).record
    assert first.run_sha256 != second.run_sha256
    assert first.score.raw.value != second.score.raw.value


def test_the_record_names_the_bytes_it_rests_on(settings):
    outcome = run("position", settings)
    record, benchmark = outcome.record, load_benchmark(BENCHMARK, settings)
    assert record.score.targets_sha256 == sha256_of_bytes(outcome.targets_csv)
    assert record.files == {name: sha256_of_bytes(body) for name, body in outcome.all_files.items()}
    assert read_candidate_card(outcome.files[CARD_FILE]).title.startswith("Position")
    plan = record.score.resampling
    resamples = read_resamples(outcome.files["resamples.npy"], kind=plan.kind, n_units=plan.n_units)
    assert (plan.kind, plan.n_units) == ("bootstrap", record.score.facts["n_conditions"])
    ends = np.nanquantile(resamples.part("raw"), [0.025, 0.975])
    np.testing.assert_allclose(ends, [record.score.raw.low, record.score.raw.high], rtol=1e-4)
    assert record.inputs.data.sha256 == benchmark.data_sha256
    assert record.inputs.data.simulated
    assert record.inputs.stimuli_sha256 == benchmark.stimuli.content_hash
    assert record.environment.packages["numpy"] == np.__version__
    assert not record.environment.sandboxed
    table = pd.read_csv(pd.io.common.BytesIO(outcome.targets_csv))
    assert table["normalised"].mean() == pytest.approx(record.score.normalised.value)


def test_stimuli_that_are_not_accepted_are_not_a_zero(settings):
    record = run("pixels", settings).record
    assert (record.status, record.score, record.failure) == ("not applicable", None, None)


@pytest.mark.parametrize(
    ("body", "stage", "reason"),
    [
        ("raise ValueError('broken')", "activations", "broken"),
        ("return {'a': stimulus.positions[:-1]}", "activations", "time steps"),
        ("return {'a': stimulus.positions * float('nan')}", "activations", "NaN"),
        ("return {'b': stimulus.positions}", "activations", "layers of its card"),
        ("return {'a': 0 * stimulus.positions}", "score", "constant"),
    ],
)
def test_a_failure_is_a_record_with_stage_and_reason(settings, tmp_path, body, stage, reason):
    outcome = run(make(tmp_path / "mine", body), settings)
    assert outcome.record.status == "failed"
    assert outcome.record.failure.stage == stage
    assert reason in outcome.record.failure.reason
    assert outcome.targets_csv is None
    assert outcome.error is not None


@pytest.mark.once
@pytest.mark.parametrize("undefined", ["raw", "normalised"])
def test_an_undefined_score_is_a_failure_and_never_a_value(settings, monkeypatch, undefined):
    """Also a file's, which is scored without a run."""
    values = {"raw": 0.4, "ceiling": 0.5, "normalised": 0.8, undefined: np.nan}
    targets = pd.DataFrame({"neuroid_id": list("abc"), "raw": [0.1, np.nan, np.nan], "normalised": np.nan})
    parts = Score(**{name: Estimate(value) for name, value in values.items()}, targets=targets)
    monkeypatch.setattr(Benchmark, "score", lambda *_: parts)
    outcome = run("position", settings)
    benchmark = load_benchmark(BENCHMARK, settings)
    path = settings.cache_dir / "states.npz"
    path.write_bytes(b"states")
    inputs = activation_inputs(path, benchmark)
    of_file = score_file(path, inputs, lambda: benchmark.score({}), settings, supersedes=None)
    for one in (outcome, of_file):
        record = one.record
        assert (record.status, record.score, record.failure.stage) == ("failed", None, "score")
        n_undefined = {"raw": 2, "normalised": 3}[undefined]
        assert (
            f"{undefined} value undefined ('{undefined}' of {n_undefined} of 3 targets)"
            in record.failure.reason
        )
        assert one.error is not None
        assert one.targets_csv is None
        assert set(one.all_files) == set(record.files)


def test_a_candidate_that_cannot_be_imported_fails_at_load(settings, tmp_path):
    folder = make(tmp_path / "mine", "pass")
    (tmp_path / "mine" / "candidate.py").write_text("import no_such_module\n")
    record = run(folder, settings).record
    assert (record.failure.stage, record.failure.kind) == ("load", "CandidateError")


def test_missing_data_are_no_fault_of_the_candidate(settings):
    with pytest.raises(MissingPartError):
        run("pixels", settings, benchmark="Kriegeskorte2008.IT-rsa")


def test_an_interrupted_run_goes_on_where_it_was(settings, tmp_path):
    """The candidate is stopped at its third stimulus; what it had shown is not shown again."""
    log, stop = tmp_path / "log", tmp_path / "stop"
    stop.touch()
    body = f"""
        with open({str(log)!r}, 'a') as file: file.write(stimulus.identifier + chr(10))
        if os.path.exists({str(stop)!r}) and len(open({str(log)!r}).readlines()) == 3: raise KeyboardInterrupt
        return {{'a': stimulus.positions}}"""
    folder = make(tmp_path / "mine", body.strip())
    benchmark = load_benchmark(BENCHMARK, settings)
    stimuli = benchmark.stimuli.stimuli
    candidate = load_candidate(folder, settings)
    cache = ActivationCache.of(candidate, settings.cache_dir, 0)
    for stimulus in stimuli[:2]:
        show_stimuli(candidate, [stimulus], cache, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        show_stimuli(candidate, stimuli, cache, lambda *_: None)
    stop.unlink()
    progress = []
    found = show_stimuli(candidate, stimuli, cache, lambda *step: progress.append(step))
    assert progress[0] == (2, 8)
    assert progress[-1] == (8, 8)
    shown = log.read_text().split()
    assert shown[:2] == [stimulus.identifier for stimulus in stimuli[:2]]
    assert shown.count(stimuli[0].identifier) == 1
    assert list(found) == [stimulus.identifier for stimulus in stimuli]


def test_the_cache_gives_back_the_same_bits_and_forgives_a_broken_file(settings):
    candidate = load_candidate("position", settings)
    stimuli = load_benchmark(BENCHMARK, settings).stimuli.stimuli[:2]
    cache = ActivationCache.of(candidate, settings.cache_dir, 0)
    fresh = show_stimuli(candidate, stimuli, cache, lambda *_: None)
    stored = cache.get(stimuli[0])
    np.testing.assert_array_equal(stored["xy"].values, fresh[stimuli[0].identifier]["xy"].values)
    path = next(cache.folder.glob(f"{stimuli[0].content_hash}*"))
    path.write_bytes(path.read_bytes()[:100])
    assert cache.get(stimuli[0]) is None
    again = show_stimuli(candidate, stimuli, cache, lambda *_: None)
    np.testing.assert_array_equal(again[stimuli[0].identifier]["xy"].values, stored["xy"].values)


def test_seeded_candidates_do_not_share_a_cache_over_seeds(settings):
    rnn, position = load_candidate("random-rnn", settings), load_candidate("position", settings)
    folders = [ActivationCache.of(rnn, settings.cache_dir, seed).folder for seed in (0, 1)]
    assert folders[0] != folders[1]
    assert len({ActivationCache.of(position, settings.cache_dir, seed).folder for seed in (0, 1)}) == 1


@pytest.mark.once
def test_the_top_level_function_raises_what_the_candidate_did(settings, tmp_path):
    import innerscore

    assert innerscore.score("position", BENCHMARK, settings=settings).status == "value"
    with pytest.raises(CandidateError, match="broken"):
        innerscore.score(make(tmp_path / "mine", "raise ValueError('broken')"), BENCHMARK, settings=settings)


def test_the_cache_keeps_what_was_used_last(tmp_path):
    cache = ActivationCache(tmp_path / "activations" / "mine", ("a",))
    walks = [SelfMotion(f"w{k}", np.full((5, 2), float(k)), 10.0, np.zeros(2), (1.0, 1.0)) for k in range(4)]
    for age, walk in zip((40, 30, 20, 10), walks, strict=True):
        cache.put(walk, {"a": TimedValues(np.ones((5, 100), np.float32), walk.times_ms)})
        path = cache.folder / f"{walk.content_hash}.safetensors"
        os.utime(path, (time.time() - age, time.time() - age))
    assert cache.get(walks[0]) is not None  # used again
    delete_oldest(tmp_path, 2 * path.stat().st_size)
    assert [cache.get(walk) is not None for walk in walks] == [True, False, False, True]
    delete_oldest(tmp_path / "nowhere", 0)


def test_the_size_of_the_cache_is_that_of_both_halves_and_of_what_was_left_half_written(tmp_path):
    names = ("activations/mine", "sandboxed/activations/mine")
    paths = [tmp_path / name / "a.safetensors" for name in names]
    paths += [path.with_name(".b.safetensors.x.part") for path in paths]
    for age, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (time.time() - 7200 + age,) * 2)
    fresh = paths[0].with_name(".c.safetensors.x.part")
    fresh.write_bytes(bytes(100))
    delete_oldest(tmp_path, 200)
    assert [path.exists() for path in (*paths, fresh)] == [False, False, False, True, True]
    delete_oldest(tmp_path, 0)
    assert [path.exists() for path in (*paths, fresh)] == [False] * 4 + [True]


@pytest.mark.once
def test_the_cache_keeps_its_size_when_a_candidate_fails(settings, tmp_path):
    filled = settings.cache_dir / "activations" / "mine" / "a.safetensors"
    filled.parent.mkdir(parents=True)
    filled.write_bytes(bytes(100))
    body = "raise RuntimeError('late')"
    failed = run(make(tmp_path / "late", body), settings.model_copy(update={"cache_mb": 0}))
    assert (failed.record.status, filled.exists()) == ("failed", False)

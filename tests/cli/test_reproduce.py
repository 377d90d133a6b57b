"""Running a study again, end to end on simulated recordings, and its judgement of what is comparable."""

import json
import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.linear_model import LinearRegression

from innerscore.benchmarks import registry
from innerscore.benchmarks.alignment import brain_samples
from innerscore.core.errors import InvalidCardError, UnknownNameError
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset
from innerscore.metrics.functional.decoding.decoding import random_splits
from innerscore.studies import Finding, load_study, study_names
from innerscore.studies.analyses import analysis_of
from innerscore.studies.analyses.mental_pong import Samples, position_decoding, variance_explained
from innerscore.studies.findings import laid_beside
from innerscore.workflows.reproducing import reproduced

CANDIDATES = {
    "nayebi2023": ["ball-simulated"],
    "rajalingham2025": ["ball-simulated"],
    "sargolini2006": ["grid-code"],
    "sohn2019": ["rsg-clock", "rsg-scaled-clock"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduce")


def command(folder, study, *arguments):
    named = [part for candidate in CANDIDATES[study] for part in ("-c", candidate)]
    settings = {
        "INNERSCORE_DATA_DIR": str(folder / "data"),
        "INNERSCORE_CACHE_DIR": str(folder / "cache"),
        "INNERSCORE_OFFLINE": "true",
        "INNERSCORE_CONFIG": os.devnull,
        "OMP_NUM_THREADS": "1",
        "PATH": "/usr/bin:/bin",
    }
    whole = [sys.executable, "-m", "innerscore", "reproduce", study, *arguments, *named]
    return subprocess.run(whole, capture_output=True, text=True, cwd=folder, env=settings)


@pytest.mark.parametrize("name", study_names())
def test_a_study_runs_on_simulated_recordings_end_to_end(name, folder):
    done = command(folder, name, "--json")
    assert done.returncode == 0, done.stderr
    assert f"{load_study(name).recorded} is not here" in done.stderr
    assert "found nothing" not in done.stderr
    report = json.loads(done.stdout)
    assert report["simulated"]
    assert report["dataset"] == load_study(name).simulated
    assert not any(row["comparable"] == "yes" for row in report["rows"])
    scores = [row for row in report["rows"] if row["finding"].startswith("score.")]
    assert len(scores) >= len(CANDIDATES[name]) * len(load_study(name).benchmarks)
    for row in report["rows"]:
        assert row["here"] is None or math.isfinite(row["here"])
    files = {path.name for path in (folder / "reports" / name).iterdir()}
    assert {"report.md", "report.csv", "report.json", *report["figures"]} == files
    assert "SIMULATED" in (folder / "reports" / name / "report.md").read_text()
    for figure in report["figures"]:
        root = ET.parse(folder / "reports" / name / figure).getroot()
        assert {child.tag.split("}")[1] for child in root} >= {"title", "desc"}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    settings = Settings(data_dir=folder / "d", cache_dir=folder / "c", offline=True)
    recording = load_dataset("SimulatedDMFC", settings).recording("DMFC")
    return Samples.of(brain_samples(recording, epoch="whole"), onset_ms=300.0)


def test_position_decoding_equals_plain_scikit_learn(samples):
    found = {finding.key: finding for finding in position_decoding(samples, "pooled")}
    factors = FactorAnalysis(50, random_state=0).fit_transform(samples.responses)
    y = np.stack([samples.truth["ball_x_deg"], samples.truth["ball_y_deg"]], axis=1)
    r = []
    for split in random_splits(samples.conditions):
        predicted = LinearRegression().fit(factors[~split], y[~split]).predict(factors)
        rows = split & samples.epochs["occluded"]
        r.append([np.corrcoef(predicted[rows, j], y[rows, j])[0, 1] for j in range(2)])
    for axis, column in zip("xy", np.transpose(r), strict=True):
        assert found[f"decoding.pooled.occluded.r.{axis}"].value == pytest.approx(column.mean(), abs=1e-6)
        assert found[f"decoding.pooled.occluded.r.{axis}"].spread == pytest.approx(column.std(), abs=1e-6)


def test_shares_of_variance_are_those_of_scikit_learn(samples):
    shares = PCA(4).fit(samples.responses).explained_variance_ratio_
    found = variance_explained(samples, "pooled")
    np.testing.assert_allclose([finding.value for finding in found], shares, rtol=1e-6)


def test_comparable_is_said_only_of_the_same_number_on_the_same_data():
    study = load_study("rajalingham2025")
    findings = [
        Finding("decoding.pooled.visible.r.x", "x", 0.9),
        Finding("endpoint.rise", "rise", 0.5),
        Finding("score.ball-decoding.pixels", "pixels", 0.1),
    ]
    real = laid_beside(findings, study, simulated=False)
    assert [row.comparable for row in real] == [True, False, False]
    assert "components" in real[1].why
    assert not any(row.comparable for row in laid_beside(findings, study, simulated=True))


@pytest.mark.parametrize("name", study_names())
def test_a_studys_benchmarks_are_registered_for_both_data_sets(name):
    study, known = load_study(name), registry(Settings()).entries()
    for dataset in (study.recorded, study.simulated):
        assert set(study.benchmark_names(dataset)) <= set(known)
    assert len({number.key for number in study.numbers}) == len(study.numbers)


def test_an_unknown_study_is_named_with_those_that_exist():
    with pytest.raises(UnknownNameError, match="nayebi2023"):
        load_study("nayebi2032")


def test_a_card_with_an_unknown_analysis_is_refused_before_anything_is_scored(settings):
    study = load_study("nayebi2023").model_copy(update={"analysis": "mental-pog"})
    with pytest.raises(InvalidCardError, match=r"field 'analysis' of study 'nayebi2023'.*'mental-pong'"):
        reproduced(study, settings, candidates=["no-such-candidate"])


def test_each_study_names_an_analysis_that_there_is():
    for name in study_names():
        assert callable(analysis_of(load_study(name)))

"""``innerscore check`` as a user runs it."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from innerscore.cli.app import app


def check(*arguments):
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def begin(folder, *options):
    assert CliRunner().invoke(app, ["init", str(folder), *options]).exit_code == 0
    return folder


def change_card(path, **changes):
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))


def test_a_begun_candidate_has_no_faults_and_its_cost_is_estimated(tmp_path):
    folder = begin(tmp_path / "my-model")
    result = check(folder, "--json", "--benchmark", "SimulatedDMFC.occluded-rsa")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["kind"], report["faults"]) == ("candidate", [])
    assert [entry["benchmark"] for entry in report["estimates"]] == ["SimulatedDMFC.occluded-rsa"]
    assert report["estimates"][0]["seconds"] > 0


def test_faults_have_file_reason_and_fix_and_exit_code_3(tmp_path):
    folder = begin(tmp_path / "my-model")
    change_card(folder / "candidate.yaml", layers=["brightness", "changes"])
    result = check(folder, "--json")
    assert result.exit_code == 3
    (fault,) = json.loads(result.stdout)["faults"]
    assert fault["file"] == str(folder / "candidate.py")
    assert "change" in fault["reason"]
    assert "'layers'" in fault["fix"]


def test_a_name_that_is_taken_is_a_fault(tmp_path):
    folder = begin(tmp_path / "my-model")
    change_card(folder / "candidate.yaml", identifier="pixels")
    result = check(folder)
    assert result.exit_code == 3
    assert "'pixels' is the name of" in result.stdout


@pytest.mark.parametrize(
    "name",
    ["SimulatedDMFC", "SimulatedMEC", "SimulatedPaths", "Kriegeskorte2008", "SimulatedMEC.rsa", "position"],
)
def test_what_is_built_in_has_no_faults(name, mirror, monkeypatch):
    monkeypatch.setenv("INNERSCORE_MIRROR", str(mirror))
    result = check(name)
    assert (result.exit_code, "no faults" in result.stdout) == (0, True), result.output


def test_a_benchmark_of_a_region_that_is_not_there_is_a_fault(tmp_path):
    folder = begin(tmp_path / "SimulatedDMFC.mine", "--benchmark")
    change_card(folder / "SimulatedDMFC.mine.benchmark.yaml", region="V4")
    result = check(folder)
    assert result.exit_code == 3
    assert "V4" in result.stdout


def test_a_data_set_without_its_files_says_what_is_missing(tmp_path):
    result = check(begin(tmp_path / "MyLab2026", "--dataset"))
    assert result.exception.exit_code == 7


def test_a_folder_without_a_card_and_an_unknown_name_are_refused(tmp_path):
    assert check(tmp_path).exception.exit_code == 3
    assert check("pixel").exception.exit_code == 5

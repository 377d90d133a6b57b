"""A bundle and a candidate of an installed package are scored by the path of a folder."""

import sys

import pytest
from candidate_folder import write_candidate
from typer.testing import CliRunner

from innerscore.benchmarks import load_benchmark
from innerscore.cli.app import app
from innerscore.core.bundles import pack_folder
from innerscore.core.errors import InvalidDataError, InvalidInputError
from innerscore.core.settings import load_settings
from innerscore.leaderboard.store import Store
from innerscore.scoring import job_of

pytestmark = pytest.mark.once

BENCHMARK = "SimulatedMEC.rsa"
CODE = "class Model:\n    def activations(self, stimulus):\n        return {'a': stimulus.velocity ** 3}\n"


@pytest.fixture
def folder(tmp_path):
    return write_candidate(tmp_path / "my_walker", CODE, identifier="my-walker")


def test_a_folder_its_bundle_and_its_package_have_one_record(folder, settings, tmp_path, monkeypatch):
    (tmp_path / "model.zip").write_bytes(pack_folder(folder))
    facts = tmp_path / "my_walker-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my-walker\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[innerscore.candidates]\nmine = my_walker\n")
    benchmark = load_benchmark(BENCHMARK, settings)
    given = [job_of(name, benchmark, settings, seed=0) for name in (str(folder), str(tmp_path / "model.zip"))]
    monkeypatch.syspath_prepend(tmp_path)
    given.append(job_of("my-walker", benchmark, settings, seed=0))
    assert len({job.inputs.run_sha256 for job in given}) == 1
    records = [job.do(None, None).record for job in given]
    assert {record.status for record in records} == {"value"}
    assert len({record.values_sha256 for record in records}) == 1
    assert not records[1].environment.sandboxed


def test_a_bundle_is_scored_by_the_command(folder, tmp_path):
    bundle = tmp_path / "model.zip"
    bundle.write_bytes(pack_folder(folder))
    done = CliRunner().invoke(app, ["score", str(bundle), "-b", BENCHMARK])
    assert done.exit_code == 0, done.output
    assert "my-walker" in done.stdout


@pytest.mark.once
@pytest.mark.usefixtures("bubblewrap")
def test_the_command_scores_in_the_sandbox_and_the_record_says_so(folder):
    command = ["score", str(folder), "-b", BENCHMARK, "--rerun", "--json"]
    told = [CliRunner().invoke(app, [*command, *more]) for more in ([], ["--sandbox"])]
    assert [done.exit_code for done in told] == [0, 0], told[1].output
    records = Store(load_settings().store).records()
    assert [record.environment.sandboxed for record in records] == [False, True]
    assert records[0].score == records[1].score


def test_a_wrong_bundle_leaves_nothing(settings, tmp_path):
    bundle = tmp_path / "model.zip"
    benchmark = load_benchmark(BENCHMARK, settings)
    with pytest.raises(InvalidInputError, match="can be read"):
        job_of(str(bundle), benchmark, settings, seed=0)
    bundle.write_bytes(b"no zip")
    with pytest.raises(InvalidDataError, match="whole zip"):
        job_of(str(bundle), benchmark, settings, seed=0)
    assert not (settings.cache_dir / "bundles").exists()
    assert "my_walker" not in sys.modules

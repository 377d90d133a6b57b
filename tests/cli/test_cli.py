"""The command line, run as a user runs it."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from candidate_folder import write_candidate
from command_line import call
from typer.core import TyperGroup
from typer.main import get_command

from innerscore.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [str(Path(sys.executable).parent / "innerscore")]


GOOD = "class Model:\n    def activations(self, stimulus):\n        return {'a': stimulus.positions}\n"


def imported_by(*arguments):
    """Packages that a command imports; ``tests/speed/command_line.py`` says how long it takes."""
    command = [sys.executable, "-X", "importtime", "-m", "innerscore", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout
    lines = [line for line in ended.stderr.splitlines() if "|" in line]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments", [["list"], ["info", "SimulatedDMFC"], ["info", "latent-selfsup-lstm"], ["board"]]
)
def test_reading_cards_and_the_board_imports_no_numerical_science(arguments):
    assert not imported_by(*arguments) & {"torch", "sklearn", "matplotlib"}


def test_help_imports_no_science():
    imported = imported_by("--help")
    assert {"innerscore", "typer"} <= imported
    heavy = [
        "numpy",
        "torch",
        "xarray",
        "pandas",
        "scipy",
        "sklearn",
        "sqlalchemy",
        "pydantic",
        "fastapi",
        "PIL",
        "pyarrow",
        "h5py",
    ]
    assert not imported & set(heavy)


def commands(group, words=()):
    """All commands below a group that help shows, groups as well, by their words."""
    for name, command in group.commands.items():
        yield (*words, name), command
        if isinstance(command, TyperGroup):
            yield from commands(command, (*words, name))


COMMANDS = dict(commands(get_command(app)))


def test_the_top_level_has_seventeen_words_and_no_old_one():
    shown = re.findall(r"^  ([\w-]+)  ", call("--help").stdout.split("Commands:")[1], flags=re.M)
    words = "demo list info init check score export-stimuli submit submission worker board store data train"
    assert set(shown) == {*words.split(), "compare", "reproduce", "recovery"}


def sections():
    """What the reference says of each command, by its heading's words."""
    text = (ROOT / "docs" / "reference.md").read_text()
    parts = re.split(r"^### innerscore (.+)$", text, flags=re.M)
    return {tuple(words.split()): said for words, said in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_reference_has_a_section_for_each_command_and_no_other():
    assert set(sections()) == {
        words for words, command in COMMANDS.items() if not isinstance(command, TyperGroup)
    }


@pytest.mark.parametrize("words", sections(), ids=" ".join)
def test_the_reference_lists_the_options_that_a_command_has(words):
    usage, _, listed = sections()[words].strip().partition("\n\n")
    options = {name for each in COMMANDS[words].params for name in each.opts if name.startswith("--")}
    assert set(re.findall(r"--[a-z-]+", usage)) == options
    described = [
        re.findall(r"--[a-z-]+", line)[0] for line in listed.splitlines() if line.startswith("- `--")
    ]
    assert sorted(described) == sorted(options)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_is_whole_sentences_and_a_list_of_commands_cuts_none(words):
    command = COMMANDS[words]
    summary = command.help.partition("\n")[0]
    indent = len("  ") + max(len(one[-1]) for one in COMMANDS if one[:-1] == words[:-1]) + len("  ")
    assert indent + len(summary) <= 80 - len("  ")
    for text in [summary, *(each.help for each in command.params)]:
        assert text[0].isupper(), text
        assert text.endswith("."), text
        assert not re.match(r"(Of|What|How|Whose|Where|At most so)\b", text), text


def test_list_and_info_read_cards_alone():
    listed = json.loads(call("list", "--json").stdout)
    assert {"ridge", "rsa", "rsa-dissimilarities"} <= {card["identifier"] for card in listed["metrics"]}
    cards = [*(ROOT / "candidates").rglob("*.candidate.yaml"), *(ROOT / "candidates").rglob("candidate.yaml")]
    assert len(listed["candidates"]) == len(cards) >= 10
    assert "grid-code" in call("list", "candidates").stdout
    assert json.loads(call("info", "SimulatedMEC.rsa", "--json").stdout)["kind"] == "benchmark"
    assert "SIMULATED" in call("info", "SimulatedDMFC").stdout


def test_an_unknown_name_has_suggestions_and_exit_code_5():
    result = call("info", "pixel")
    assert result.returncode == 5
    assert "Did you mean 'pixels'" in result.stderr
    result = call("score", "grid_code", "--benchmark", "SimulatedMEC.rsa", "--json")
    assert result.returncode == 5
    assert json.loads(result.stdout)["error"]["exit_code"] == 5
    assert call("score", "position", "--benchmark", "SimulatedMEC.rsb").returncode == 5


def test_wrong_usage_has_exit_code_2():
    assert call("score").returncode == 2
    assert call("nonsense").returncode == 2
    assert call("score", "pixels", "--seed", "-1").returncode == 2


def test_score_on_real_data_has_value_interval_and_ceiling(mirror):
    result = call(
        "score", "pixels", "--benchmark", "Kriegeskorte2008.IT-rsa", "--json", INNERSCORE_MIRROR=mirror
    )
    assert result.returncode == 0
    score = json.loads(result.stdout)["results"][0]["score"]
    for part in ("raw", "ceiling", "normalised"):
        assert score[part]["low"] < score[part]["value"] < score[part]["high"]
    assert score["ceiling"]["value"] == pytest.approx(0.4908, abs=1e-4)


def test_what_was_scored_is_summed_up_before_an_error_ends_the_command(tmp_path):
    result = call("score", write_candidate(tmp_path / "mine", GOOD), "./nowhere", "-b", "SimulatedMEC.rsa")
    assert result.returncode == 3
    assert "nowhere" in result.stderr
    assert re.search(r"example on SimulatedMEC\.rsa: rank 1", result.stdout), result.stdout


def test_debug_shows_where_an_error_arose():
    assert "Traceback" not in call("info", "nobody").stderr
    assert "Traceback" in call("--debug", "info", "nobody").stderr


def test_missing_data_have_exit_code_7_and_say_what_to_do():
    result = call("score", "pixels", "--benchmark", "Kriegeskorte2008.IT-rsa")
    assert result.returncode == 7
    assert "INNERSCORE_MIRROR" in result.stderr


def test_altered_data_have_exit_code_3_and_both_hashes(tmp_path):
    path = tmp_path / "data" / "kriegeskorte2008" / "Kriegeskorte_Neuron2008_supplementalData.mat"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"altered")
    result = call("score", "pixels", "--benchmark", "Kriegeskorte2008.IT-rsa")
    assert result.returncode == 3
    assert len(re.findall(r"[0-9a-f]{64}", result.stderr)) == 2
    assert list(path.parent.glob("*.wrong-*"))


def test_an_own_candidate_goes_from_folder_to_board_and_is_not_run_twice(tmp_path):
    folder = write_candidate(tmp_path / "mine", GOOD)
    first = json.loads(call("score", folder, "-b", "SimulatedMEC.rsa", "--json").stdout)["results"][0]
    second = json.loads(call("score", folder, "-b", "SimulatedMEC.rsa", "--json").stdout)["results"][0]
    assert (first["reused"], second["reused"]) == (False, True)
    assert first["record_sha256"] == second["record_sha256"]
    cells = json.loads(call("board", "--json").stdout)["cells"]
    mine = [cell for cell in cells if cell["candidate"] == "example" and cell["state"] == "value"]
    assert [cell["record_sha256"] for cell in mine] == [first["record_sha256"]]
    assert "example" in call("board").stdout
    third = json.loads(call("score", folder, "-b", "SimulatedMEC.rsa", "--rerun", "--json").stdout)[
        "results"
    ][0]
    assert third["values_sha256"] == first["values_sha256"]
    assert third["record_sha256"] != first["record_sha256"]


def test_a_failing_candidate_has_exit_code_4_a_failed_cell_and_another_try(tmp_path):
    folder = write_candidate(
        tmp_path / "mine", GOOD.replace("stimulus.positions", "stimulus.positions * float('nan')")
    )
    result = call("score", folder, "-b", "SimulatedMEC.rsa")
    assert result.returncode == 4
    for part in ("'example'", "'a'", "NaN", "finite"):
        assert part in result.stderr
    cells = json.loads(call("board", "--json").stdout)["cells"]
    assert [cell["state"] for cell in cells if cell["candidate"] == "example"].count("failed") == 1
    write_candidate(tmp_path / "mine", GOOD)
    assert call("score", folder, "-b", "SimulatedMEC.rsa").returncode == 0


def test_a_failure_of_any_kind_has_exit_code_4_without_a_named_benchmark_too(tmp_path):
    folder = write_candidate(tmp_path / "mine", GOOD, entry="candidate.py:Missing")
    for arguments in ([], ["-b", "SimulatedMEC.rsa"]):
        result = call("score", folder, *arguments)
        assert result.returncode == 4
        assert "Missing" in result.stderr


def test_a_bad_card_has_exit_code_3_and_names_its_fault(tmp_path):
    folder = write_candidate(tmp_path / "mine", GOOD, colour="red")
    result = call("score", folder, "-b", "SimulatedMEC.rsa")
    assert result.returncode == 3
    assert "key 'colour' is unknown" in result.stderr


def test_a_damaged_store_has_exit_code_6(tmp_path):
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "board.sqlite").write_bytes(b"not a database, surely" * 50)
    assert call("board").returncode == 6


def test_export_writes_a_page(tmp_path):
    call("score", "position", "-b", "SimulatedMEC.rsa")
    result = call("board", "export", tmp_path / "out")
    assert result.returncode == 0
    assert (tmp_path / "out" / "index.html").read_text().startswith("<!doctype html>")
    assert list((tmp_path / "out" / "records").iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    for place in ("/proc/nowhere", tmp_path / "file" / "below"):
        call("score", "position", "-b", "SimulatedMEC.rsa")
        result = call("board", "export", place)
        assert result.returncode == 3
        assert str(place) in result.stderr
        assert "Traceback" not in result.stderr


def test_data_shows_where_files_are(mirror):
    status = json.loads(call("data", "status", "--json", INNERSCORE_MIRROR=mirror).stdout)
    here = {row["file"]: row["state"] for row in status["files"] if row["dataset"] == "Kriegeskorte2008"}
    assert set(here.values()) == {"here"}
    assert "missing" in call("data", "status").stdout
    assert call("data", "fetch", "Kriegeskorte2008").returncode == 7
    fetched = call("data", "fetch", "Kriegeskorte2008", "--json", INNERSCORE_MIRROR=mirror)
    assert len(json.loads(fetched.stdout)["files"]) == 2
    assert "made from a seed" in call("data", "fetch", "SimulatedDMFC").stdout


def test_python_m_works():
    result = subprocess.run(
        [sys.executable, "-m", "innerscore", "list", "metrics"], capture_output=True, text=True
    )
    assert "ridge" in result.stdout


SLOW = """
import pathlib, time
class Model:
    def activations(self, stimulus):
        log = pathlib.Path(LOG)
        with log.open("a") as file:
            file.write(stimulus.identifier + "\\n")
        time.sleep(0.0 if pathlib.Path(LOG + ".go").exists() else 0.4)
        return {"a": stimulus.positions}
    def activations_batch(self, stimuli):
        return [self.activations(stimulus) for stimulus in stimuli]
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_score_leaves_no_half_and_the_next_one_completes(tmp_path, stop):
    log = tmp_path / "log"
    folder = write_candidate(tmp_path / "mine", SLOW.replace("LOG", repr(str(log))))
    arguments = ["score", str(folder), "-b", "SimulatedMEC.rsa", "--json"]
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Whoever runs tests in the background may have it ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (no threads here)
    ) as running:
        while not log.exists():
            time.sleep(0.05)
        time.sleep(0.6)
        running.send_signal(stop)
        said = running.communicate()[1]
    assert running.returncode == (130 if stop == signal.SIGINT else -signal.SIGKILL), said
    cells = json.loads(call("board", "--json").stdout)["cells"]
    assert not [cell for cell in cells if cell["candidate"] == "example"]
    (tmp_path / "log.go").touch()
    again = json.loads(call(*arguments).stdout)["results"][0]
    assert (again["state"], again["reused"]) == ("value", False)
    undisturbed = json.loads(
        call(*arguments, INNERSCORE_DATA_DIR=tmp_path / "e", INNERSCORE_CACHE_DIR=tmp_path / "f").stdout
    )
    assert undisturbed["results"][0]["values_sha256"] == again["values_sha256"]

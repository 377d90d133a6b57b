"""Each thing that a candidate can get wrong is found, and nothing is found where nothing is wrong."""

import re

import candidate_folder
import numpy as np
import pandas as pd
import pytest
import yaml
from candidate_folder import write_candidate

from innerscore.checking import card_faults, check_candidate
from innerscore.core.cards import CandidateCard, read_card
from innerscore.core.stimuli import FrameClip, SelfMotion, StimulusSet
from innerscore.scoring.sandbox import Sandbox

CARD = candidate_folder.CARD | {"accepts": ["frames", "self_motion"]}
CODE = """
import numpy as np
class Model:
    def __init__(self, seed=0):
        self.rng, self.shown = np.random.default_rng(seed), 0
    def activations(self, stimulus):
        n, size = stimulus.n_steps, stimulus.identifier[-1] == "1"
        steps = np.arange(n)[:, None] * np.ones((1, 3))
        self.shown += 1
        {body}
"""
GOOD = "return {'a': steps}"


def clips(n=3, n_frames=6):
    frames = np.random.default_rng(0).integers(0, 256, (n, n_frames, 4, 4, 3), dtype=np.uint8)
    made = tuple(FrameClip(f"clip-{k}", frames[k], 60.0, 0.3) for k in range(n))
    return StimulusSet("clips", made, pd.DataFrame({"stimulus_id": [clip.identifier for clip in made]}))


def walks(n=2, n_steps=9):
    velocity = np.random.default_rng(0).normal(size=(n, n_steps, 2))
    made = tuple(SelfMotion(f"walk-{k}", velocity[k], 10.0, np.ones(2), (2.0, 2.0)) for k in range(n))
    return StimulusSet("walks", made, pd.DataFrame({"stimulus_id": [walk.identifier for walk in made]}))


@pytest.fixture
def check(tmp_path, settings):
    """Write a candidate and check it."""

    def run(body=GOOD, code=None, sandboxed=False, **changes):
        whole = CODE.format(body=body) if code is None else code
        folder = write_candidate(tmp_path / "mine", whole, **(CARD | changes))
        path = folder / "candidate.yaml"
        sets = {"A.clips": clips(), "B.walks": walks()}
        card, box = read_card(path, CandidateCard), Sandbox(settings) if sandboxed else None
        return check_candidate(str(folder), path, card, sets, settings, seed=0, sandbox=box)

    return run


def test_a_good_candidate_has_no_faults_and_its_memory_is_counted(check):
    report = check()
    assert report.faults == ()
    memory = {entry.benchmark: entry.memory_mb for entry in report.estimates}
    assert memory["A.clips"] == pytest.approx(3 * 6 * 3 * 4 / 1e6, abs=6e-4)
    assert all(entry.applicable for entry in report.estimates)


def test_the_time_is_that_of_its_pace(check):
    report = check("import time; time.sleep(0.004 * n); return {'a': steps}", accepts=["frames"])
    seconds = {entry.benchmark: (entry.applicable, entry.seconds) for entry in report.estimates}
    assert seconds["A.clips"][0]
    assert seconds["A.clips"][1] >= 0.072  # 18 frames; a machine at work may sleep longer
    assert seconds["B.walks"] == (False, 0.0)


@pytest.mark.parametrize(
    ("body", "reason", "fix"),
    [
        ("raise ValueError('broken')", "broken", "able to run"),
        ("return {'a': steps[:-1]}", "time steps", "one for each stimulus step"),
        ("return {'a': steps[:, 0]}", "shape", "array \\(time, units\\)"),
        ("return {'a': steps.astype(complex)}", "complex128", "real array"),
        ("return {'a': steps + np.inf}", "NaN or infinite", "finite"),
        ("return {'b': steps}", "layers \\['b'\\]", "layers of its card"),
        ("return {'a': 0 * steps}", "never changes", "depends on the stimulus"),
        ("return {'a': steps[:, :2] if size else steps}", "3 units .* 2 for the next", "pool"),
        ("return {'a': steps + self.shown}", "shown before", "same state"),
        ("return {'a': steps + np.random.default_rng().normal()}", "different numbers", "generator"),
    ],
)
def test_what_it_does_wrong_is_named_with_file_and_fix(check, body, reason, fix):
    faults = check(body, accepts=["frames"]).faults
    assert len(faults) == 1
    assert faults[0].file.endswith("candidate.py")
    assert re.search(reason, faults[0].reason), faults
    assert re.search(fix, faults[0].fix), faults


def test_drawing_under_the_seed_is_no_fault_if_every_call_begins_anew(check):
    body = "return {'a': steps + np.random.default_rng(0).normal(size=3)}"
    assert check(body, takes=["seed"]).faults == ()


@pytest.mark.parametrize("name", ["weights.pt", "state.pkl"])
def test_a_file_that_a_board_refuses_is_a_fault(check, tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_bytes(b"\x80\x04N.")
    faults = check(accepts=["frames"]).faults
    assert len(faults) == 1
    assert name in faults[0].reason


@pytest.mark.usefixtures("bubblewrap")
def test_in_a_sandbox_it_is_held_against_the_same_rules(check):
    assert check(accepts=["frames"], sandboxed=True).faults == ()
    reached = check("open('/etc/shadow'); " + GOOD, accepts=["frames"], sandboxed=True).faults
    assert len(reached) == 1
    leaking = check("return {'a': steps + self.shown}", accepts=["frames"], sandboxed=True).faults
    assert ["shown before" in fault.reason for fault in leaking] == [True]


def test_code_that_cannot_be_imported_is_one_fault(check):
    faults = check(code="import no_such_module_at_all\n").faults
    assert len(faults) == 1
    assert "no_such_module_at_all" in faults[0].reason


def test_longer_clips_than_there_are_is_a_fault_of_the_card(check):
    faults = check(min_frames=100).faults
    assert [fault.file.rsplit("/", 1)[1] for fault in faults] == ["candidate.yaml"]
    assert "min_frames" in faults[0].fix


def test_each_key_of_a_card_is_a_fault_of_its_own(tmp_path):
    path = tmp_path / "candidate.yaml"
    card = {**CARD, "identifier": "My Model", "colour": "red", "min_frames": 0}
    del card["licence"]
    path.write_text(yaml.safe_dump(card))
    faults = card_faults(path, CandidateCard)
    assert sorted(fault.reason.split(":")[0] for fault in faults) == [
        "key 'colour'",
        "key 'identifier'",
        "key 'licence'",
        "key 'min_frames'",
    ]
    assert all(fault.fix and fault.file == str(path) for fault in faults)
    path.write_text("{")
    assert len(card_faults(path, CandidateCard)) == 1

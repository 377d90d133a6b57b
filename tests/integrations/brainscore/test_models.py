"""Brain-Score's models on our benchmarks, through the installed brainscore-core."""

import numpy as np
import pytest
import yaml
from image_model import ImageModel

import innerscore
from innerscore.core.errors import CandidateError, InvalidArgumentError
from innerscore.core.stimuli import FrameClip, SelfMotion
from innerscore.integrations.brainscore.models import BrainScoreCandidate, BrainScoreSubject


def clip(seed=0, n_frames=5):
    frames = np.random.default_rng(seed).integers(0, 256, (n_frames, 33, 47, 3), dtype=np.uint8)
    return FrameClip(f"clip-{seed}", frames, 60.0, 0.3)


def test_regions_are_layers_and_frames_are_in_their_order():
    shown = clip()
    found = BrainScoreCandidate(ImageModel(), ["V1", "IT"]).activations(shown)
    pixels = innerscore.load_candidate("pixels").model.activations(shown)["rgb"]
    np.testing.assert_array_equal(found["V1"], pixels)
    assert found["IT"].shape == (5, 20)


def test_what_the_model_keeps_of_one_clip_is_not_taken_for_another():
    """Two clips of one name and length: only their content tells them apart."""
    candidate = BrainScoreCandidate(ImageModel(), ["V1"])
    first, second = clip(0), FrameClip("clip-0", clip(1).frames, 60.0, 0.3)
    assert (candidate.activations(first)["V1"] != candidate.activations(second)["V1"]).any()


def test_in_a_folder_it_is_a_candidate_like_any_other(tmp_path, mirrored):
    card = {
        "identifier": "image-model",
        "title": "A model of images",
        "description": "Pixels and a projection of them, by Brain-Score's interface.",
        "authors": ["tests"],
        "licence": "MIT",
        "citation": "@misc{tests}",
        "entry": "candidate.py:build",
        "accepts": ["frames"],
        "layers": ["V1"],
        "model_class": "example",
    }
    (tmp_path / "candidate.yaml").write_text(yaml.safe_dump(card))
    (tmp_path / "candidate.py").write_text(
        "from innerscore.integrations.brainscore.models import BrainScoreCandidate\n"
        "class Model:\n"
        "    def start_recording(self, recording_target, time_bins): pass\n"
        "    def look_at(self, stimuli, number_of_trials=1): raise OSError('weights are closed')\n"
        "def build(): return BrainScoreCandidate(Model(), ['V1'])\n"
    )
    with pytest.raises(CandidateError, match="weights are closed"):
        innerscore.score(str(tmp_path), "Kriegeskorte2008.IT-rsa", settings=mirrored)


def test_what_is_no_recording_of_the_frames_is_refused():
    walk = SelfMotion("walk", np.ones((3, 2)), 10.0, np.zeros(2), (1.0, 1.0))
    with pytest.raises(InvalidArgumentError, match="FrameClip"):
        BrainScoreCandidate(ImageModel(), ["V1"]).activations(walk)
    with pytest.raises(CandidateError, match="one time bin"):
        BrainScoreCandidate(ImageModel(time_bins=2), ["V1"]).activations(clip())
    for targets in ("IT", [], ["IT", "IT"]):
        with pytest.raises(InvalidArgumentError, match="distinct regions"):
            BrainScoreCandidate(ImageModel(), targets)

    class Forgetful(ImageModel):
        def respond(self, stimuli):
            return super().respond(stimuli).isel(presentation=slice(1, None))

    with pytest.raises(CandidateError, match="4 presentations"):
        BrainScoreSubject(Forgetful(), ["V1"]).activations([clip()])

"""Brain-Score's models on our benchmarks, through the installed brainscore-core."""

import hashlib

import numpy as np
import pytest
import yaml
from brainscore_core.benchmarks import Benchmark as CoreBenchmark
from brainscore_core.benchmarks import score_benchmark
from brainscore_core.metrics import Score
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly
from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet
from PIL import Image

import innerscore
from innerscore.benchmarks import load_benchmark
from innerscore.candidates import BrainScoreCandidate, BrainScoreSubject, load_candidate
from innerscore.candidates.png_frames import png_of_frame
from innerscore.core.errors import CandidateError, InvalidArgumentError
from innerscore.core.scores import unpack_score
from innerscore.core.stimuli import FrameClip, SelfMotion


class ImageModel:
    """Written to Brain-Score's interface: reads files, answers in an order of its own, keeps what it has seen.

    V1 is the average colour of a 32 x 32 grid, IT a fixed projection of it.
    """

    identifier = "image-model"

    def __init__(self, time_bins=1):
        self.kept, self.n_bins = {}, time_bins

    def visual_degrees(self):
        return 8

    def start_recording(self, recording_target, time_bins):
        assert isinstance(time_bins, list)
        self.target = recording_target

    def look_at(self, stimuli, number_of_trials=1):
        assert isinstance(stimuli, StimulusSet)
        key = stimuli.identifier, self.target
        if key not in self.kept:
            self.kept[key] = self.respond(stimuli)
        return self.kept[key]

    def respond(self, stimuli):
        names = sorted(stimuli["stimulus_id"], key=lambda name: hashlib.md5(name.encode()).hexdigest())
        images = [np.asarray(Image.open(stimuli.get_stimulus(name)).convert("RGB")) for name in names]
        clip = FrameClip("images", np.stack(images), 1.0, 0.1)
        values = load_candidate("pixels", innerscore.core.settings.load_settings()).model.activations(clip)[
            "rgb"
        ]
        if self.target == "IT":
            values = values @ np.random.default_rng(0).normal(size=(values.shape[1], 20))
        return NeuroidAssembly(
            np.repeat(values[..., None], self.n_bins, axis=2),
            dims=["presentation", "neuroid", "time_bin"],
            coords={
                "stimulus_id": ("presentation", names),
                "object_name": ("presentation", ["thing"] * len(names)),
                "neuroid_id": ("neuroid", np.arange(values.shape[1])),
                "region": ("neuroid", [self.target] * values.shape[1]),
                "time_bin_start": ("time_bin", 70 + 100 * np.arange(self.n_bins)),
                "time_bin_end": ("time_bin", 170 + 100 * np.arange(self.n_bins)),
            },
        )


def clip(seed=0, n_frames=5):
    frames = np.random.default_rng(seed).integers(0, 256, (n_frames, 33, 47, 3), dtype=np.uint8)
    return FrameClip(f"clip-{seed}", frames, 60.0, 0.3)


def test_frames_as_png_are_the_frames(tmp_path):
    frame = clip().frames[0]
    (tmp_path / "a.png").write_bytes(png_of_frame(frame))
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(image), frame)


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


def test_brain_score_tooling_calls_our_benchmark(mirrored):
    """The model whose V1 is the pixels scores as the pixels do."""
    benchmark = load_benchmark("Kriegeskorte2008.IT-rsa", mirrored)
    assert isinstance(benchmark, CoreBenchmark)
    score = score_benchmark(benchmark, BrainScoreSubject(ImageModel(), ["V1"]))
    here = unpack_score(benchmark(load_candidate("pixels", mirrored)))
    assert isinstance(score, Score)
    assert float(score) == pytest.approx(here.normalised.value, abs=1e-9)
    assert float(score.attrs["ceiling"]) == pytest.approx(float(benchmark.ceiling))
    assert float(score.attrs["raw"]) == pytest.approx(here.raw.value, abs=1e-9)


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
        "from innerscore.candidates import BrainScoreCandidate\n"
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

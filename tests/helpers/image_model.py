"""A model of images, written to Brain-Score's interface."""

import hashlib

import numpy as np
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly
from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet
from PIL import Image

from innerscore.candidates import load_candidate
from innerscore.core.settings import load_settings
from innerscore.core.stimuli import FrameClip


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
        values = load_candidate("pixels", load_settings()).model.activations(clip)["rgb"]
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

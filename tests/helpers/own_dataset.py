"""A data set of one's own by a card alone: its card, a benchmark on it, and its arrays."""

import numpy as np

N_STIMULI, N_REPETITIONS, N_NEUROIDS, N_BINS = 12, 6, 8, 4

FIELDS = {
    "responses": {"name": "rates", "axes": ["neuroid", "presentation", "time_bin"]},
    "stimulus": "shown",
    "stimulus_id": "names",
    "frames": {"name": "frames", "axes": ["stimulus", "time", "height", "width", "colour"]},
    "region": {"value": "V1"},
    "animal": {"value": "monkey-1"},
    "time_bin_start_ms": {"name": "start_s", "scale": 1000},
    "time_bin_end_ms": {"name": "end_s", "scale": 1000},
}


def card(name="MyLab2026", licence="CC-BY-4.0", entry="declared_trials:trials", **options):
    return {
        "identifier": name,
        "title": "Eight neurons under twelve clips",
        "description": "A data set that a test made for itself.",
        "licence": licence,
        "citation": "@misc{mylab}",
        "entry": f"innerscore.data_registry.{entry}",
        "simulated": False,
        "species": "Macaca mulatta",
        "regions": ["V1"],
        "folder": name.lower(),
        "options": options or {"rate_hz": 60, "degrees_per_pixel": 0.5, "fields": FIELDS},
    }


def benchmark(name="MyLab2026"):
    return {
        "identifier": f"{name}.V1-ridge",
        "title": "Ridge",
        "description": "A benchmark that a test made for itself.",
        "licence": "MIT",
        "citation": "@misc{mylab}",
        "system": "Test",
        "dataset": name,
        "task": "Looking at clips of random pixels.",
        "region": "V1",
        "alignment": "time",
        "metric": "ridge",
        "parameters": {"n_outer": 3, "n_inner": 2},
        "ceiling": "Split halves of the repetitions.",
    }


def trial_arrays():
    """Eight neurons under twelve clips, six times each."""
    rng = np.random.default_rng(0)
    signal = rng.uniform(0, 40, (N_STIMULI, N_NEUROIDS, N_BINS))
    trials = np.tile(signal, (N_REPETITIONS, 1, 1))
    rates = np.abs(trials + rng.normal(0, 3, trials.shape))
    return {
        "rates": rates.transpose(1, 0, 2),
        "shown": np.tile([f"clip-{k:02d}" for k in range(N_STIMULI)], N_REPETITIONS),
        "names": np.array([f"clip-{k:02d}" for k in range(N_STIMULI)]),
        "frames": rng.integers(0, 256, (N_STIMULI, 12, 8, 8, 3), dtype=np.uint8),
        "start_s": 0.05 * np.arange(N_BINS),
        "end_s": 0.05 * np.arange(1, N_BINS + 1),
    }

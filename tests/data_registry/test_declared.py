"""Data sets declared on a card alone: what a card or its files leave open is refused, not guessed."""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from innerscore.core.cards import DatasetCard
from innerscore.core.errors import InvalidDataError
from innerscore.data_registry.declared_sessions import sessions
from innerscore.data_registry.declared_trials import trials
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RATE = 20.0
PATH = ornstein_uhlenbeck_paths(1, 60.0, rate_hz=RATE, seed=3)[0]
WALK = {"t": np.arange(len(PATH)) / RATE, "xy": PATH, "spikes": np.arange(1.0, 59.0), "rat": np.array("r1")}
WALK_FIELDS = {"times": "t", "positions": "xy", "spike_times": "spikes", "animal": "rat"}
TRIAL_FIELDS = {
    "responses": "rates",
    "stimulus": "shown",
    "frames": "frames",
    "region": {"value": "V1"},
    "animal": "monkey",
    "time_bin_start_ms": "start",
    "time_bin_end_ms": "end",
}
RNG = np.random.default_rng(0)
TRIALS = {
    "rates": RNG.uniform(0, 30, (6, 4, 3)),
    "shown": np.tile([0, 1, 2], 2),
    "frames": RNG.integers(0, 256, (3, 12, 8, 8, 3), dtype=np.uint8),
    "monkey": np.array(["a", "a", "b", "b"]),
    "start": np.array([0.0, 50.0, 100.0]),
    "end": np.array([50.0, 100.0, 150.0]),
}


def card(entry, options):
    return DatasetCard(
        identifier="MyLab2026",
        title="Made here",
        description="A data set that a test made for itself.",
        licence="private",
        citation="@misc{mylab}",
        entry=f"innerscore.data_registry.{entry}",
        simulated=False,
        species="Rattus norvegicus",
        regions=("V1",),
        folder="mylab2026",
        options=options,
    )


def saved(settings, content):
    """Settings with a data folder of its own, for files that differ must not be those locked before."""
    settings.data_dir.mkdir(exist_ok=True)
    data_dir = Path(mkdtemp(dir=settings.data_dir))
    (data_dir / "mylab2026").mkdir()
    np.savez(data_dir / "mylab2026" / "one.npz", **content)
    return settings.model_copy(update={"data_dir": data_dir})


def walks(settings, fields=(), content=(), **options):
    settings = saved(settings, {**WALK, **dict(content)})
    options = {
        "arena_m": [1.0, 1.0],
        "corner_m": [0, 0],
        "fields": {**WALK_FIELDS, **dict(fields)},
        **options,
    }
    return sessions(card("declared_sessions:sessions", options), settings).sessions


def recorded(settings, fields=(), content=(), **options):
    settings = saved(settings, {**TRIALS, **dict(content)})
    options = {"rate_hz": 60, "degrees_per_pixel": 0.5, "fields": {**TRIAL_FIELDS, **dict(fields)}, **options}
    return trials(card("declared_trials:trials", options), settings).recording("V1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (np.array(""), "'animal' of .*one.npz .*got ''"),
        (np.array("unknown"), "got 'unknown'"),
        (np.array([], dtype=str), "got none"),
        (np.array(["r1", "r2"]), "one animal a session"),
    ],
)
def test_sessions_of_an_animal_without_a_name_or_of_several_are_refused(settings, name, message):
    assert walks(settings)[0].animal == "r1"
    with pytest.raises(InvalidDataError, match=message):
        walks(settings, content={"rat": name})


def test_neuroids_of_an_animal_without_a_name_are_refused(settings):
    assert list(recorded(settings)["animal"].values) == ["a", "a", "b", "b"]
    with pytest.raises(InvalidDataError, match=r"'animal' of 'MyLab2026'.*got 'n/a'"):
        recorded(settings, content={"monkey": np.array(["a", "a", "n/a", "n/a"])})

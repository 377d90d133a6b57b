"""Draw the pictures of the concepts and of the gallery, from simulations and built-in candidates.

    python docs/site/figures.py        # into docs/pictures; some minutes

Every number that they show is made here, from seeds, with the functions that score.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import innerscore
from innerscore.core.settings import Settings
from innerscore.figures import LayerPanel, Point, Whisker, layer_curves, scatter, whiskers
from innerscore.figures.figure import Figure
from innerscore.metrics import functional as fn
from innerscore.studies.galleries import RateMaps, candidate_maps, dataset_maps, gallery

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
GALLERY = ("grid-code", "place-cells", "random-bumps", "nonnegative-pca", "sic-48", "path-integrator-lstm")
CELLS = 10


def noise_ceiling() -> Figure:
    """Neurons of several reliabilities: how far the true model gets, against the ceiling."""
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(60, 8, 6)).cumsum(axis=1).reshape(-1, 6)
    rates = latents @ rng.normal(size=(6, 40))
    noise = np.geomspace(0.3, 4.0, 40) * rates.std(axis=0)
    trials = rates + noise * rng.normal(size=(6, *rates.shape))
    found = fn.noise_corrected_predictivity(latents, trials, np.repeat(np.arange(60), 8))
    points = [
        Point(f"neuron {k}", float(x), float(y))
        for k, (x, y) in enumerate(zip(found.ceiling, found.raw, strict=True))
    ]
    return scatter(
        points, "The true model on noisy neurons", ("noise ceiling", "raw correlation"), key="ceiling"
    )


def tie_groups(settings: Settings) -> Figure:
    """A column of the board: scores with intervals, and their tie groups."""
    names = ["grid-code", "place-cells", "random-bumps", "interpolation", "position", "velocity"]
    innerscore.run(names, ["SimulatedMEC.rsa"], settings=settings)
    table = innerscore.scores(settings=settings)
    items = [
        Whisker(
            f"group {row.tie_group}: {row.candidate}",
            row.normalised,
            row.normalised_low,
            row.normalised_high,
            faint=True,
        )
        for row in table.itertuples()
    ]
    title = "SimulatedMEC.rsa (simulated cells)"
    return whiskers(items, title, "ceiling-normalised score", key="ties")


def layer_selection(settings: Settings) -> Figure:
    """Every layer's value on the conditions that are not scored; the best one is scored on the others."""
    record = innerscore.score("random-cnn", "SimulatedDMFC.occluded-ridge", settings=settings)
    if record.score is None:
        sys.exit("random-cnn has no score")
    values = {name: np.nan if value is None else value for name, value in record.score.layer_scores.items()}
    panel = LayerPanel("SimulatedDMFC.occluded-ridge", values, record.score.layer)
    return layer_curves([panel], "random-cnn: value of each layer on held-out conditions", key="layers")


def held_out(settings: Settings) -> Figure:
    """Endpoints of the clips that choose the layer, and of those that are scored."""
    benchmark = innerscore.load_benchmark("SimulatedDMFC.occluded-ridge", settings=settings)
    table = benchmark.stimuli.table
    chosen = set(benchmark.layer_selection_conditions)
    points = [
        Point(row.stimulus_id, float(row.end_ms), float(row.final_y_deg), faint=row.stimulus_id in chosen)
        for row in table.itertuples()
    ]
    axes = ("end of the clip in ms", "endpoint of the ball in degrees")
    return scatter(
        points,
        "Conditions: filled are scored, hollow choose the layer",
        axes,
        key="conditions",
        diagonal=False,
    )


def maps_of(name: str, settings: Settings) -> Figure:
    """The first cells of a candidate or a data set over space."""
    is_data = name in innerscore.list_datasets(settings)
    maps = dataset_maps(name, settings) if is_data else candidate_maps(name, settings)
    few = RateMaps(maps.names[:CELLS], maps.maps[:CELLS], maps.unit)
    return gallery(few, f"Rate maps of {name}")


def main() -> None:
    """Draw all of them."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data", cache_dir=Path(folder) / "cache", offline=True)
        figures = {
            "noise-ceiling": noise_ceiling(),
            "tie-groups": tie_groups(settings),
            "layer-selection": layer_selection(settings),
            "held-out-conditions": held_out(settings),
        }
        figures |= {f"maps-{name}": maps_of(name, settings) for name in (*GALLERY, "SimulatedMEC")}
    for name, figure in figures.items():
        (PICTURES / f"{name}.svg").write_text(f"{figure.svg}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

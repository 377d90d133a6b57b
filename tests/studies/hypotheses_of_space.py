"""Lattices of the models of space on a rat's walks, and how far the attractor network drifts.

Writes a table in Markdown, and the numbers as JSON, to standard output or a file; a study page quotes both.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from innerscore.candidates import load_candidate
from innerscore.candidates.training.sic.gridness import population_losses, unit_maps
from innerscore.candidates.zoo.attractor_grid import make_sheet
from innerscore.core.settings import load_settings
from innerscore.tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths

# Walks of a simulated rat in a box of 1 m, of so many seconds each; 40 minutes in all. As in the study of SIC.
WALKS_S, ALL_S, RATE_HZ, BIN_M = (60, 600), 2400, 10.0, 0.02
DRIFT_S, N_DRIFTING = (20, 100, 600), 4
SPACINGS_M, ORIENTATIONS_DEG = (0.4, 0.568, 0.80656), (0, 20, 40)


def main() -> None:
    """Measure what is asked for and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="CANDIDATE", help="Name, or folder of a trained one.")
    parser.add_argument("--drift", action="store_true", help="Measure the drift of attractor-grid.")
    parser.add_argument("--out", type=Path, required=True, help="JSON file.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    content = {"lattices": [row for name in arguments.names for row in lattices(name)]}
    if arguments.drift:
        content["drift_cm"] = drift()
    arguments.out.write_text(json.dumps(content, indent=1) + "\n")


def walks(seconds: int) -> list:
    paths = ornstein_uhlenbeck_paths(ALL_S // seconds, float(seconds), rate_hz=RATE_HZ, seed=0)
    return [motion_from_path("walk", path, rate_hz=RATE_HZ, arena_m=(1.0, 1.0)) for path in paths]


def lattices(name: str) -> list[dict]:
    """Grid scores and lattice of every layer, for each length of the walks."""
    candidate, rows = load_candidate(name, load_settings()), []
    for seconds in WALKS_S:
        shown = walks(seconds)
        found = candidate.activations(shown)
        places = np.concatenate([walk.positions for walk in shown])
        for layer in candidate.card.layers:
            states = np.concatenate([layers[layer].values for layers in found]).astype(np.float64)
            active = np.flatnonzero(states.std(axis=0) > 1e-6)
            maps = unit_maps(states[:, active], places, box_m=1.0, bin_m=BIN_M)
            measured = population_losses(maps, bin_m=BIN_M, seed=0)
            rows.append(
                {"candidate": name, "layer": layer, "walks_s": seconds, "active": len(active), **measured}
            )
    return rows


def drift() -> dict[str, list[float]]:
    """Mean distance in cm of the place that each spacing's bumps stand for from the true one, after `DRIFT_S`."""
    sheet, candidate = make_sheet(), load_candidate("attractor-grid", load_settings())
    seen = sheet.places[sheet.directions[:, 0] == 1]
    waves = 2 * np.pi * np.array([[1, 0], [0, 1], [-1, 1]]) @ np.linalg.inv(sheet.periods).T
    series = np.exp(-1j * seen @ waves.T)
    errors = {spacing: [] for spacing in SPACINGS_M}
    shown = walks(600)[:N_DRIFTING]
    for walk, layers in zip(shown, candidate.activations(shown), strict=True):
        sheets = layers["grid"].values.reshape(walk.n_steps, len(SPACINGS_M) * len(ORIENTATIONS_DEG), -1)
        for number in range(sheets.shape[1]):
            spacing = SPACINGS_M[number // len(ORIENTATIONS_DEG)]
            turn = np.deg2rad(ORIENTATIONS_DEG[number % len(ORIENTATIONS_DEG)])
            back = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * spacing / 16
            phases = np.unwrap(np.angle(sheets[:, number] @ series), axis=0)
            moved = -np.linalg.lstsq(waves, (phases - phases[0]).T, rcond=None)[0].T @ back.T
            away = 100 * np.linalg.norm(moved - (walk.positions - walk.positions[0]), axis=1)
            errors[spacing].append([away[min(round(s * RATE_HZ), len(away)) - 1] for s in DRIFT_S])
    return {f"{spacing:.2f} m": np.mean(found, axis=0).round(1).tolist() for spacing, found in errors.items()}


if __name__ == "__main__":
    main()

"""Study: how often the module finder is right, and how often a cell without a lattice passes as a grid cell.

Run as ``python tests/studies/grid_modules.py --draws 50 --cells 400 --out docs/studies/grid-modules.md``.

Modules: populations of 1 to 4 modules, spacing ratio 1.42, jitter of 2 % and 1 degree (as in SimulatedMEC) and
twice that, 8 to 24 cells a module. Shuffles: cells whose spikes know nothing of the path, on ten-minute walks of a
simulated rat; each is compared with 100 shifts of its own spikes.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np

from innerscore.metrics.functional import find_grid_modules, grid_score, spatial_autocorrelation
from innerscore.metrics.functional.spatial import Trajectory, rate_maps_of_counts, shuffle_control, trajectory
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RATIO, JITTERS, SIZES, NUMBERS = 1.42, ((0.02, 1.0), (0.04, 2.0)), (8, 12, 24), (1, 2, 3, 4)
RATE_HZ, DURATION_S, N_SHUFFLES, CELLS_A_WALK = 25.0, 600.0, 100, 50


def main() -> None:
    """Run both parts and write the report."""
    arguments = _arguments()
    start = time.perf_counter()
    modules = [_module_row(jitter, size, arguments.draws) for jitter in JITTERS for size in SIZES]
    passed, ring, n_cells = _false_positives(arguments.cells)
    text = _report(modules, passed, ring, n_cells, arguments.draws, time.perf_counter() - start)
    if arguments.out:
        Path(arguments.out).write_text(text)
    print(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--cells", type=int, default=400)
    parser.add_argument("--out")
    return parser.parse_args()


def _module_row(jitter: tuple[float, float], size: int, draws: int) -> str:
    right = [np.mean([_is_right(m, jitter, size, seed) for seed in range(draws)]) for m in NUMBERS]
    cells = " | ".join(f"{100 * share:.0f} %" for share in right)
    return f"| {100 * jitter[0]:.0f} %, {jitter[1]:.0f}° | {size} | {cells} |"


def _is_right(n_modules: int, jitter: tuple[float, float], size: int, seed: int) -> bool:
    rng = np.random.default_rng((seed, n_modules, size))
    spacing = np.repeat(0.4 * RATIO ** np.arange(n_modules), size)
    turn = np.repeat(rng.uniform(0, 60, n_modules), size)
    spacing = spacing * (1 + jitter[0] * rng.standard_normal(len(spacing)))
    found = find_grid_modules(spacing, turn + jitter[1] * rng.standard_normal(len(turn)), n_boot=1)
    return found.n_modules == n_modules


def _false_positives(n_cells: int) -> tuple[dict[str, float], dict[str, float], int]:
    """Shares above the 95th and 99th percentile of their own shuffles, for both scores."""
    shares = {method: [] for method in ("expanding-circle", "ring-mask")}
    for walk in range(-(-n_cells // CELLS_A_WALK)):
        path, spikes = _walk_without_grid_cells(walk)
        for method, rows in shares.items():
            measure = partial(_scores, path, method)
            found = shuffle_control(path, spikes, measure, n_shuffles=N_SHUFFLES, seed=walk)
            rows.append(np.stack([found.passes_95, found.passes_99]))
    circle, ring = (
        {"95": r[0], "99": r[1]} for r in (np.concatenate(rows, 1).mean(1) for rows in shares.values())
    )
    return circle, ring, -(-n_cells // CELLS_A_WALK) * CELLS_A_WALK


def _walk_without_grid_cells(seed: int) -> tuple[Trajectory, list[np.ndarray]]:
    """Cells that fire in bursts of a few seconds, at 0.5 to 8 Hz on average, wherever the rat is."""
    positions = ornstein_uhlenbeck_paths(1, DURATION_S, rate_hz=RATE_HZ, seed=1000 + seed)[0]
    path = trajectory(np.arange(len(positions)) / RATE_HZ, positions, box_m=(1.0, 1.0))
    rng = np.random.default_rng((seed, 99))
    rates = 2.0 ** rng.uniform(-1, 3, CELLS_A_WALK)
    drive = rng.gamma(0.5, 2.0, (CELLS_A_WALK, len(positions) // 75 + 1)).repeat(75, axis=1)[
        :, : len(positions)
    ]
    counts = rng.poisson(rates[:, None] * drive / RATE_HZ)
    return path, [np.repeat(path.times, row) + 1e-6 for row in counts]


def _scores(path: Trajectory, method: str, counts: np.ndarray) -> np.ndarray:
    maps = rate_maps_of_counts(path, counts, bin_m=0.05, smoothing_m=0.05, min_speed_m_s=0.025)
    lag = 0.9 if method == "expanding-circle" else 1.0
    return grid_score(spatial_autocorrelation(maps.rates, max_lag=lag), method=method).score


def _report(
    modules: list[str],
    circle: dict[str, float],
    ring: dict[str, float],
    n_cells: int,
    draws: int,
    seconds: float,
) -> str:
    rows = "\n".join(modules)
    return f"""# Study: grid modules, and cells that are none

Written by `tests/studies/grid_modules.py` in {seconds:.0f} s.

## Number of modules

Share of {draws} draws in which `find_grid_modules` returns the true number. Spacing ratio {RATIO}, orientations at
random, so that neighbours may share theirs.

| jitter within a module | cells a module | 1 module | 2 | 3 | 4 |
|---|---|---|---|---|---|
{rows}

## False positives

{n_cells} simulated cells that fire in bursts wherever the rat is; ten-minute walks, 5 cm bins,
{N_SHUFFLES} shifts each.

| score | above the cell's own 95th percentile (5 % expected) | above the 99th (1 % expected) |
|---|---|---|
| expanding circle | {100 * circle["95"]:.1f} % | {100 * circle["99"]:.2f} % |
| ring mask | {100 * ring["95"]:.1f} % | {100 * ring["99"]:.2f} % |

The standard error of the last column is {100 * np.sqrt(0.0099 / n_cells):.2f} points.
"""


if __name__ == "__main__":
    main()

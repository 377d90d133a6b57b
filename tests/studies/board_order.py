"""Does the board's order keep its level with real metrics? Boards of equal candidates, simulated; a small report.

Run ``python tests/studies/board_order.py --experiments 300 --out docs/studies/board-order.md``.

Each experiment draws new conditions, a new recording and four candidates that are equal by construction: the
latent state that drives the neurons, each with noise of its own of the same size. A metric scores them as on the
board; the board then compares their resamples. Any two significantly different are an error.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
from labelled_arrays import brain_array, model_array

from innerscore.core.settings import Settings
from innerscore.leaderboard.ranking import compare
from innerscore.metrics import load_metric

_CANDIDATES, _LATENT, _NEURONS, _REPETITIONS, _STATES = 4, 5, 24, 6, 4
_METRICS = (
    ("rsa", {"n_splits": 2}, 40),
    ("ridge", {"n_splits": 10}, 40),
    ("ridge", {"n_splits": 10}, 20),
    ("pls", {"n_components": 4, "n_splits": 10}, 40),
    ("cka", {"n_splits": 2}, 40),
)
_N_BOOT = 300


def board(metric, n_conditions, seed, advantage=0.0):
    """Standings and p-values of four candidates, of which the last has less noise by `advantage`."""
    rng = np.random.default_rng(seed)
    conditions = np.repeat([f"c{k:03d}" for k in range(n_conditions)], _STATES)
    latent = rng.normal(size=(len(conditions), _LATENT))
    signal = latent @ rng.normal(size=(_LATENT, _NEURONS))
    samples = {"stimulus_id": conditions, "condition": conditions}
    trials = signal + 2 * rng.normal(size=(_REPETITIONS, *signal.shape))
    brain = brain_array(trials, samples, np.repeat(["p", "q"], _NEURONS // 2))
    sizes = 0.7 * np.ones(_CANDIDATES) - advantage * (np.arange(_CANDIDATES) == _CANDIDATES - 1)
    models = [model_array(latent + size * rng.normal(size=latent.shape), samples) for size in sizes]
    parts = [metric(model, brain) for model in models]
    compared = compare(
        [one.normalised.value for one in parts], [one.resamples for one in parts], "normalised"
    )
    return compared.rank_intervals(), compared.p_values


def row(name, options, n_conditions, n):
    """One line of the report."""
    with_boot = {} if name == "cka" else {"n_boot": _N_BOOT}
    metric = load_metric(name, Settings(), **options, **with_boot)
    equal = [board(metric, n_conditions, seed) for seed in range(n)]
    split = np.mean(
        [any(one.rank_high < _CANDIDATES for one in rank_intervals) for rank_intervals, _ in equal]
    )
    single = np.mean([p_values[0, 1] <= 0.05 for _, p_values in equal])
    better = [board(metric, n_conditions, 10_000 + seed, advantage=0.35) for seed in range(n // 4)]
    first = np.mean([rank_intervals[-1].rank_high == 1 for rank_intervals, _ in better])
    return (
        f"| {name}, {n_conditions} conditions | {_percent(split, n)} | {_percent(single, n)} | "
        f"{_percent(first, n // 4)} |"
    )


def _percent(share, n):
    return f"{100 * share:.1f} ± {100 * (share * (1 - share) / n) ** 0.5:.1f}"


_HEADER = """# Does the board's order keep its level?

Boards of {candidates} candidates that are equal by construction, {n} a line, each with new conditions and a new
recording; shares in percent with their binomial standard errors. Made by

    python tests/studies/board_order.py --experiments {n} --out docs/studies/board-order.md

in {seconds:.0f} s. The first column is what the board promises to keep at or below 5. The last is for contrast: one
candidate has half the noise of the others, and the share is of boards on which it alone can be first.

| metric | any two significantly different (Holm) | a given pair, p <= 0.05 | the better one alone first |
|---|---|---|---|
"""

_READING = """
What to read from it. The representational metrics (rsa, cka) are within two standard errors of 5 %; a hundred
boards cannot tell 5 from 8. Maps (ridge, pls) are tested with too wide an error. The likely reasons, not yet taken
apart: their resamples also draw the neuroids, and a resample has fewer distinct conditions than the data. Equal
candidates are then hardly ever significantly different, and small true differences with few conditions are missed:
ranks by maps are wider than they need to be, not too narrow.
"""


def main() -> None:
    """Simulate and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=300)
    parser.add_argument("--out", default="-")
    arguments = parser.parse_args()
    start = time.perf_counter()
    rows = [row(*metric, arguments.experiments) for metric in _METRICS]
    seconds = time.perf_counter() - start
    text = _HEADER.format(candidates=_CANDIDATES, n=arguments.experiments, seconds=seconds)
    text += "\n".join(rows) + "\n" + _READING
    if arguments.out == "-":
        print(text)
    else:
        Path(arguments.out).write_text(text)


if __name__ == "__main__":
    main()

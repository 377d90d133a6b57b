"""When does it matter that inner folds hold out whole conditions? Simulated noise that is slow within a condition.

Run ``python tests/studies/inner_folds.py --out docs/studies/inner-folds.md``; a minute on 2 cores.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from innerscore.metrics.functional.mapping.ridge import ridge_predictivity

N_CONDITIONS, N_BINS, N_FEATURES, N_TARGETS, N_LATENTS = 30, 20, 400, 40, 5
AUTOCORRELATIONS = (0.0, 0.5, 0.9, 0.98)
N_EXPERIMENTS = 10


@dataclass(frozen=True)
class Found:
    """Held-out r and the penalty chosen, medians over targets."""

    r: float
    alpha: float


def slow(rng: np.random.Generator, n_columns: int, autocorrelation: float):
    """Columns of unit variance that drift within a condition and start anew in each, (n_samples, n_columns)."""
    white = rng.normal(size=(N_CONDITIONS, N_BINS, n_columns))
    white[:, 1:] *= np.sqrt(1 - autocorrelation**2)
    return lfilter([1.0], [1.0, -autocorrelation], white, axis=1).reshape(-1, n_columns)


def experiment(seed: int, autocorrelation: float) -> dict[str, Found]:
    """Features hold the latents of the targets and drifts of their own; the targets' noise drifts alike."""
    rng = np.random.default_rng(seed)
    latents = slow(rng, N_LATENTS, 0.9)
    x = latents @ rng.normal(size=(N_LATENTS, N_FEATURES)) + slow(rng, N_FEATURES, autocorrelation)
    y = latents @ rng.normal(size=(N_LATENTS, N_TARGETS))
    y += 2 * y.std() * slow(rng, N_TARGETS, autocorrelation)
    groups = np.repeat(np.arange(N_CONDITIONS), N_BINS)
    results = {inner: ridge_predictivity(x, y, groups, inner=inner) for inner in ("grouped", "leave-one-out")}
    return {
        name: Found(float(np.median(result.score)), float(np.median(result.alpha)))
        for name, result in results.items()
    }


def line(autocorrelation: float) -> str:
    """A line of the report: means over experiments, and the mean and error of the difference in r."""
    found = [experiment(seed, autocorrelation) for seed in range(N_EXPERIMENTS)]
    difference = np.array([one["grouped"].r - one["leave-one-out"].r for one in found])
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    cells = []
    for name in ("grouped", "leave-one-out"):
        cells += [f"{np.median([one[name].alpha for one in found]):.3g}"]
        cells += [f"{np.mean([one[name].r for one in found]):.3f}"]
    return f"| {autocorrelation:g} | {' | '.join(cells)} | {difference.mean():+.3f} ± {error:.3f} |"


def report(lines: list[str], seconds: float) -> str:
    """The report in markdown."""
    table = "\n".join(lines)
    return f"""# Inner folds: whole conditions, or single samples?

Ridge predictivity with the penalty chosen on inner folds that hold out whole conditions, and by leaving out single
samples (`inner="leave-one-out"`). {N_EXPERIMENTS} simulated experiments a line: {N_CONDITIONS} conditions x
{N_BINS} bins, {N_FEATURES} features, {N_TARGETS} targets that share {N_LATENTS} latents with the features. The rest
of features and targets is noise, whose correlation from a bin to the next is in the first column. Made by

    python tests/studies/inner_folds.py --out docs/studies/inner-folds.md

in {seconds:.0f} s. Penalties are medians, r means over experiments of the median target on held-out conditions.

| noise from bin to bin | grouped: penalty | r | leave-one-out: penalty | r | difference in r |
|---|---|---|---|---|---|
{table}

What to read from it. Where the noise of neighbouring bins is independent, both choose alike and
leave-one-out may be taken for its speed. Where it is slow, a sample that is left out has neighbours in the fit with
nearly the same features and the same noise: a weak penalty that learns noise by heart looks good, and fails on new
conditions. The grouped form is the default.
"""


def main() -> None:
    """Run and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/studies/inner-folds.md"))
    options = parser.parse_args()
    start = time.perf_counter()
    lines = [line(autocorrelation) for autocorrelation in AUTOCORRELATIONS]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(report(lines, time.perf_counter() - start), encoding="utf-8")


if __name__ == "__main__":
    main()

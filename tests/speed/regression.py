"""Works of the regression measures: ridge, noise-corrected ridge, PLS, with their peers and cost curves.

The workload: 79 conditions of 40 time bins, 1,889 targets, 24 penalties, 20 trials.
Peers get the same outer folds; scikit-learn's RidgeCV chooses by leave-one-out, the
only way in which it is fast, himalaya on the same grouped inner folds.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from harness import Curve, Peer, Sliced, Work
from scipy.signal import lfilter
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import PredefinedSplit

from innerscore.metrics.functional._halves import random_halves
from innerscore.metrics.functional._splits import inner_folds, outer_folds
from innerscore.metrics.functional.mapping._ridge_penalties import published_alphas
from innerscore.metrics.functional.mapping.noise_correction import noise_corrected_predictivity
from innerscore.metrics.functional.mapping.pls import pls_predictivity
from innerscore.metrics.functional.mapping.ridge import ridge_predictivity

Floats = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int64]
Predict = Callable[[Floats], Floats]
N_CONDITIONS, N_BINS, N_TARGETS, N_TRIALS, N_OUTER = 79, 40, 1889, 20, 5
_AUTOCORRELATION, _N_LATENTS = 0.95, 300


@dataclass(frozen=True, eq=False)
class Data:
    """Simulated activations and responses."""

    x: Floats
    y: Floats
    groups: npt.NDArray[np.int64]


def simulate(n_features: int, n_targets: int = N_TARGETS, n_bins: int = N_BINS, n_trials: int = 0) -> Data:
    """Latents that drift slowly within a condition, seen by features and (with noise) by targets."""
    rng = np.random.default_rng(0)
    white = rng.standard_normal((N_CONDITIONS, n_bins, _N_LATENTS), dtype=np.float32)
    drift = lfilter([np.sqrt(1 - _AUTOCORRELATION**2)], [1, -_AUTOCORRELATION], white, axis=1)
    latents = drift.reshape(-1, _N_LATENTS).astype(np.float32) * np.arange(1, _N_LATENTS + 1) ** -0.5
    n = len(latents)
    x = latents @ _weights(rng, n_features) + 0.1 * rng.standard_normal((n, n_features), dtype=np.float32)
    signal = 17 * (latents @ _weights(rng, n_targets))
    shape = (n_trials, n, n_targets) if n_trials else (n, n_targets)
    noise = (1.5 * max(1, n_trials) ** 0.5) * rng.standard_normal(shape, dtype=np.float32)
    groups = np.repeat(np.arange(N_CONDITIONS), n_bins)
    return Data(x.astype(np.float32), (signal + noise).astype(np.float32), groups)


def simulate_units(n_samples: int, n_units: int, n_targets: int) -> Data:
    """Units whose sds fall from 1 to 0.02, and targets with as much noise as signal; float64, as the board's."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n_samples, n_units)) * np.geomspace(1, 0.02, n_units)
    signal = x @ rng.standard_normal((n_units, n_targets))
    noise = signal.std(0) * rng.standard_normal((n_samples, n_targets))
    return Data(x, signal + noise, np.arange(n_samples) // (10 if n_samples <= 1000 else 40))


def _weights(rng: np.random.Generator, n_columns: int) -> Floats:
    return rng.standard_normal((_N_LATENTS, n_columns), dtype=np.float32) / np.float32(np.sqrt(_N_LATENTS))


def outer_splits(data: Data, n_outer: int = N_OUTER) -> list[tuple[npt.NDArray[np.int64], ...]]:
    """Training and held-out rows of each outer fold, as ours are."""
    folds = outer_folds(data.groups, n_outer, 0)
    return [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(n_outer)]


def column_r(a: Floats, b: Floats) -> npt.NDArray[np.float64]:
    """Pearson r of each pair of columns."""
    a, b = (np.asarray(v, dtype=np.float64) - v.mean(0, dtype=np.float64) for v in (a, b))
    return (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))


def median_difference(ours: Any, peer: Floats) -> float:
    """Median over targets of the absolute difference in r."""
    return float(np.nanmedian(np.abs(np.asarray(ours.score) - peer)))


def ridge_cv(data: Data) -> Floats:
    """scikit-learn: RidgeCV, a penalty per target, leave-one-out."""
    scores = []
    for train, test in outer_splits(data):
        model = RidgeCV(published_alphas(), alpha_per_target=True).fit(data.x[train], data.y[train])
        predicted = model.predict(data.x[test]).reshape(len(test), -1)
        scores.append(column_r(predicted, data.y[test]))
    return np.mean(scores, axis=0)


def himalaya_kernel(backend: str) -> Any:
    """himalaya: KernelRidgeCV on a linear kernel, a penalty per target, our grouped inner folds."""
    return _himalaya(backend, "KernelRidgeCV", kernel="linear")


def himalaya_primal(backend: str) -> Any:
    """himalaya's RidgeCV, which it recommends itself where features are fewer than samples."""
    return _himalaya(backend, "RidgeCV")


def _himalaya(backend: str, name: str, **options: str) -> Any:
    def run(data: Data) -> Floats:
        from himalaya import kernel_ridge, ridge
        from himalaya.backend import set_backend

        set_backend(backend)
        model_of = getattr(kernel_ridge if name == "KernelRidgeCV" else ridge, name)
        scores = []
        for fold, (train, test) in enumerate(outer_splits(data)):
            inner = PredefinedSplit(inner_folds(data.groups[train], 5, 0, fold))
            model = model_of(alphas=published_alphas().astype(np.float32), cv=inner, **options)
            # himalaya fits no intercept in a kernel model: centre by the training means, as ours does.
            x_mean, y_mean = data.x[train].mean(0), data.y[train].mean(0)
            model.fit(data.x[train] - x_mean, data.y[train] - y_mean)
            scores.append(column_r(np.asarray(model.predict(data.x[test] - x_mean)), data.y[test]))
        return np.mean(scores, axis=0)

    return run


_GIVEN_PENALTY, _PEER_SPLITS = 50.0, 2


@dataclass(frozen=True)
class Loop:
    """A loop's corrected scores, and ours of the same folds and splits, made when asked for."""

    score: Floats
    ours: Callable[[], Floats]


def of_same_splits(_ours: Any, loop: Loop) -> float:
    """Median difference in corrected r, both on the loop's few splits."""
    return float(np.nanmedian(np.abs(loop.ours() - loop.score)))


def halves_of(data: Data, n_splits: int) -> list[tuple[Floats, Floats]]:
    """The half averages of the first splits that ours draws."""
    halves = random_halves(N_TRIALS, n_splits, 0, torch.device("cpu"))
    both = zip(halves.first.numpy() > 0, halves.second.numpy() > 0, strict=True)
    return [(data.y[first].mean(0), data.y[second].mean(0)) for first, second in both]


def corrected(full: Floats, first: Floats, second: Floats, responses: tuple[Floats, ...]) -> Floats:
    """The published formula, per target."""
    average, *halves = responses
    reliability = [column_r(first, second), column_r(*halves)]
    boosted = [2 * r / (1 + r) for r in reliability]
    with np.errstate(invalid="ignore"):
        return column_r(full, average) / np.sqrt(boosted[0] * boosted[1])


def given_penalty_loop(data: Data) -> Loop:
    """Plain scikit-learn at one given penalty, `_PEER_SPLITS` split halves: three fits a fold and split."""
    average, scores = data.y.mean(0), []
    for train, test in outer_splits(data):
        for halves in halves_of(data, _PEER_SPLITS):
            responses = (average, *halves)
            maps = [Ridge(_GIVEN_PENALTY).fit(data.x[train], y[train]) for y in responses]
            predicted = [model.predict(data.x[test]) for model in maps]
            scores.append(corrected(*predicted, tuple(y[test] for y in responses)))
    ours = noise_corrected(_PEER_SPLITS, alphas=[_GIVEN_PENALTY])
    return Loop(np.nanmean(scores, axis=0), lambda: np.asarray(ours(data).score))


def choosing_loop(fit: Callable[[Floats, Floats, Floats], Predict]) -> Callable[[Data], Sliced]:
    """Plain scikit-learn that chooses each target's penalty on our grouped inner folds.

    Timed are one inner fold of the choice, 1/25 of the full work's; in one outer fold the maps of the average,
    1/5, and of one pair of halves, 1/500. The maps take the penalties that ours chose.
    """

    def run(data: Data) -> Sliced:
        train, test = outer_splits(data)[0]
        ours = noise_corrected(1)(data)
        alpha, average, halves = ours.alpha[0], data.y.mean(0), halves_of(data, 1)[0]
        full, one = _timed(lambda: fit(data.x[train], average[train], alpha)(data.x[test]))
        (first, second), pair = _timed(
            lambda: [fit(data.x[train], half[train], alpha)(data.x[test]) for half in halves]
        )
        score = corrected(full, first, second, tuple(y[test] for y in (average, *halves)))
        seconds = N_OUTER * (5 * seconds_of_choice(data) + one + 100 * pair)
        return Sliced(Loop(score, lambda: np.asarray(ours.fold_scores)[0]), seconds)

    return run


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    now = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = now()
    return work(), now() - start


@cache
def seconds_of_choice(data: Data) -> float:
    """Time of the scores of all penalties on one inner fold; the weakest leave scikit-learn to least squares."""
    train, _ = outer_splits(data)[0]
    average, inner = data.y.mean(0), inner_folds(data.groups[train], 5, 0, 0)
    fitted, left_out = train[inner != 0], train[inner == 0]

    def score(alpha: float) -> Floats:
        model = Ridge(alpha).fit(data.x[fitted], average[fitted])
        return column_r(model.predict(data.x[left_out]), average[left_out])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _timed(lambda: [score(alpha) for alpha in published_alphas()])[1]


def by_array_of_penalties(x: Floats, y: Floats, alpha: Floats) -> Predict:
    """One fit with a penalty per target; of scikit-learn's solvers for it, svd is the fastest."""
    return Ridge(alpha, solver="svd").fit(x, y).predict


def by_sets_of_targets(x: Floats, y: Floats, alpha: Floats) -> Predict:
    """A fit for each penalty to the targets that chose it: faster where few penalties are chosen."""
    sets = [np.flatnonzero(alpha == penalty) for penalty in np.unique(alpha)]
    models = [Ridge(alpha[own[0]]).fit(x, y[:, own]) for own in sets]

    def predict(test: Floats) -> Floats:
        prediction = np.empty((len(test), y.shape[1]), dtype=y.dtype)
        for own, model in zip(sets, models, strict=True):
            prediction[:, own] = model.predict(test).reshape(len(test), -1)
        return prediction

    return predict


def noise_corrected(n_splits: int, alphas: Any = None) -> Callable[[Data], Any]:
    """Ours; without `alphas` the penalty is chosen from the published ones."""
    penalties = published_alphas() if alphas is None else alphas
    return lambda data: noise_corrected_predictivity(
        data.x, data.y, data.groups, n_splits=n_splits, alphas=penalties
    )


def thousand_splits(data: Data) -> Floats:
    """Ours with ten times the split halves, as if it were a peer: its ratio is the price of 1,000 splits."""
    return np.asarray(noise_corrected(1000)(data).score)


def pls_peer(data: Data) -> Floats:
    """scikit-learn: PLSRegression, 25 components, 10 outer folds."""
    scores = []
    for train, test in outer_splits(data, 10):
        model = PLSRegression(25, scale=False).fit(data.x[train], data.y[train])
        scores.append(column_r(model.predict(data.x[test]), data.y[test]))
    return np.mean(scores, axis=0)


def _ridge(data: Data) -> Any:
    return ridge_predictivity(data.x, data.y, data.groups, alphas="published")


def _ridge_single(data: Data) -> Any:
    return ridge_predictivity(data.x, data.y, data.groups, alphas="published", inner="leave-one-out")


def _ridge_work(n_features: int, himalaya: float, scikit: float, inner: str) -> Work:
    fewer_features = n_features < N_CONDITIONS * N_BINS
    primal = {"himalaya torch, primal": Peer(himalaya_primal("torch"), himalaya)} if fewer_features else {}
    return Work(
        name=f"ridge, {inner} inner folds, {n_features} features",
        prepare=lambda: simulate(n_features),
        ours=_ridge if inner == "grouped" else _ridge_single,
        peers={
            "himalaya torch": Peer(himalaya_kernel("torch"), himalaya),
            "himalaya numpy": Peer(himalaya_kernel("numpy"), himalaya),
            **primal,
            "scikit-learn RidgeCV": Peer(ridge_cv, scikit),
        },
        agreement=median_difference,
        repeats=1,
    )


def _few_units_work(n_samples: int, n_units: int, n_targets: int, at_least: float) -> Work:
    """Most candidates have 20 to 200 units."""
    return Work(
        name=f"ridge of few units, {n_samples} x {n_units} x {n_targets}",
        prepare=lambda: simulate_units(n_samples, n_units, n_targets),
        ours=_ridge,
        peers={"scikit-learn RidgeCV": Peer(ridge_cv, at_least)},
        agreement=median_difference,
        repeats=7,
    )


WORKS = [
    _few_units_work(100, 10, 1, 1),
    _few_units_work(400, 64, 20, 1),
    _few_units_work(1000, 50, 20, 3),
    _few_units_work(3160, 50, 100, 3),
    _few_units_work(3160, 200, 100, 3),
    _ridge_work(2048, 3, 6, "grouped"),
    _ridge_work(25_088, 6, 15, "grouped"),
    Work(
        name="noise-corrected ridge, 100 split halves, one given penalty",
        prepare=lambda: simulate(2048, n_trials=N_TRIALS),
        ours=noise_corrected(100, alphas=[_GIVEN_PENALTY]),
        peers={"scikit-learn loop": Peer(given_penalty_loop, 100, scale=100 / _PEER_SPLITS)},
        agreement=of_same_splits,
        repeats=2,
    ),
    Work(
        name="noise-corrected ridge, 100 split halves, penalties chosen on inner folds",
        prepare=lambda: simulate(2048, n_trials=N_TRIALS),
        ours=noise_corrected(100),
        peers={
            "scikit-learn loop, Ridge(array of penalties), parts scaled": Peer(
                choosing_loop(by_array_of_penalties), 100
            ),
            "scikit-learn loop, a Ridge per penalty, parts scaled": Peer(
                choosing_loop(by_sets_of_targets), 100
            ),
        },
        agreement=of_same_splits,
        repeats=1,
    ),
    Work(
        name="noise-corrected ridge, 100 split halves",
        prepare=lambda: simulate(2048, n_trials=N_TRIALS),
        ours=noise_corrected(100),
        peers={"ours, 1,000 split halves": Peer(thousand_splits)},
        agreement=median_difference,
        repeats=1,
    ),
    Work(
        name="PLS, 25 components, 10 folds, 168 targets",
        prepare=lambda: simulate(2048, n_targets=168),
        ours=lambda data: pls_predictivity(data.x, data.y, data.groups, n_outer=10),
        peers={"scikit-learn PLSRegression": Peer(pls_peer, 8)},
        agreement=median_difference,
        repeats=2,
    ),
]

CURVES = [
    Curve(
        name="ridge, samples",
        sizes=(1580, 3160, 6320),
        prepare=lambda n: simulate(2048, n_bins=n // N_CONDITIONS),
        ours=_ridge,
    ),
    Curve(name="ridge, features", sizes=(512, 2048, 8192, 25_088, 100_000), prepare=simulate, ours=_ridge),
    Curve(
        name="ridge, targets",
        sizes=(100, 500, 2000, 5000, 20_000),
        prepare=lambda n: simulate(2048, n_targets=n),
        ours=_ridge,
    ),
]

"""Works of the similarity measures: RDMs, their comparison, the bootstrap and CKA, with their peers.

The workload: 3160 states = 79 conditions x 40 bins; RDMs of 10 models and 40 measurements over 79 conditions.
Each library gets the dtype it computes in: ours float32 activations, scipy and rsatoolbox float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from harness import Curve, Peer, Work
from rsatoolbox.data import Dataset
from rsatoolbox.inference import eval_bootstrap_pattern
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs, calc_rdm, compare
from scipy.spatial.distance import pdist

from innerscore.metrics.functional.rsa.bootstrap import bootstrap_rsa, bootstrap_rsa_ceiling
from innerscore.metrics.functional.rsa.compare_rdms import compare_rdms
from innerscore.metrics.functional.rsa.rdm import rdm
from innerscore.metrics.functional.similarity.cka import linear_cka

Floats = npt.NDArray[np.floating]
N_CONDITIONS, N_BINS, N_TARGETS = 79, 40, 1889
N_STATES = N_CONDITIONS * N_BINS
_N_LATENTS = 64


def activations(n_features: int, seed: int = 0, n_states: int = N_STATES) -> Floats:
    """Rectified mixtures of latents, float32: (n_states, n_features)."""
    rng = np.random.default_rng(seed)
    latents = rng.standard_normal((n_states, _N_LATENTS), dtype=np.float32)
    mixed = latents @ rng.standard_normal((_N_LATENTS, n_features), dtype=np.float32)
    mixed += rng.standard_normal(mixed.shape, dtype=np.float32)
    return np.maximum(mixed, 0, out=mixed)


def in_both_precisions() -> dict[str, Floats]:
    """One set of activations as ours and as the peers take it."""
    x = activations(2048)
    return {"single": x, "double": x.astype(np.float64)}


def two_large_rdms(dtype: str) -> tuple[Floats, Floats]:
    """Two correlation RDMs that agree in part, each (1, n_pairs)."""
    first, second = activations(512), activations(512, seed=1)
    return tuple(rdm(x.astype(dtype))[None] for x in (first, 0.5 * first + 0.5 * second))


def small_rdms() -> tuple[Floats, Floats]:
    """RDMs of 10 models and of 40 measurements of one set of states."""
    rng = np.random.default_rng(0)
    states = rng.standard_normal((N_CONDITIONS, 50))
    models = rdm(states + rng.standard_normal((10, N_CONDITIONS, 50)))
    return models, rdm(states + 2 * rng.standard_normal((40, N_CONDITIONS, 50)))


def median_difference(ours: Floats, theirs: Floats) -> float:
    """Median absolute difference of the same numbers."""
    return float(np.median(np.abs(np.asarray(ours) - np.asarray(theirs))))


def difference_of_means(ours: Floats, theirs: Floats) -> float:
    """Median over models of the difference of means over resamples, since the draws are not the same."""
    return median_difference(np.mean(ours, axis=0), np.mean(theirs, axis=0))


def _rdm_work() -> Work:
    return Work(
        name=f"correlation RDM, {N_STATES} x 2,048",
        prepare=in_both_precisions,
        ours=lambda data: rdm(data["single"]),
        peers={
            "rsatoolbox": Peer(
                lambda data: calc_rdm(Dataset(data["double"]), "correlation").get_vectors()[0], at_least=60
            ),
            "scipy pdist": Peer(lambda data: pdist(data["double"], "correlation"), at_least=25),
        },
        agreement=median_difference,
    )


def _compare_work(method: str, dtype: str) -> Work:
    return Work(
        name=f"compare RDMs of {N_STATES} states, {method}, {dtype}",
        prepare=lambda: two_large_rdms(dtype),
        ours=lambda data: compare_rdms(*data, method=method),
        peers={"rsatoolbox": Peer(lambda data: compare(*(RDMs(r) for r in data), method), at_least=2)},
        agreement=median_difference,
        repeats=3,
    )


def _peer_bootstrap(data: tuple[Floats, Floats], method: str, n_boot: int, ceilings: bool) -> Floats:
    fixed = [ModelFixed(str(number), model) for number, model in enumerate(data[0])]
    result = eval_bootstrap_pattern(fixed, RDMs(data[1]), method=method, N=n_boot, boot_noise_ceil=ceilings)
    return result.evaluations


def _our_bootstrap(data: tuple[Floats, Floats], method: str, ceilings: bool) -> Any:
    if ceilings:
        bootstrap_rsa_ceiling(data[1], method=method)
    return bootstrap_rsa(*data, method=method)


def _bootstrap_work(method: str, peer_method: str, *, ceilings: bool, n_peer: int, at_least: float) -> Work:
    with_or_without = "and ceilings" if ceilings else "without ceilings"
    return Work(
        name=f"1,000 bootstraps, 10 models, 40 RDMs, {N_CONDITIONS} conditions, {method}, {with_or_without}",
        prepare=small_rdms,
        ours=lambda data: _our_bootstrap(data, method, ceilings),
        peers={
            "rsatoolbox": Peer(
                lambda data: _peer_bootstrap(data, peer_method, n_peer, ceilings), at_least, 1000 / n_peer
            )
        },
        agreement=difference_of_means,
    )


def _cka_work(n_other: int, n_products: int) -> Work:
    def product(data: tuple[Floats, Floats]) -> torch.Tensor:
        for x in map(torch.from_numpy, data[:n_products]):
            result = x @ x.T
        return result

    return Work(
        name=f"debiased CKA, {N_STATES} x 25,088 and x {n_other:,}",
        prepare=lambda: (activations(25_088), activations(n_other, seed=1)),
        ours=lambda data: linear_cka(*data),
        peers={f"the matrix product alone, {n_products}": Peer(product, at_least=1 / 1.5)},
        agreement=lambda _ours, _product: float("nan"),
    )


WORKS = [
    _rdm_work(),
    _compare_work("spearman", "float64"),
    _compare_work("spearman", "float32"),
    _compare_work("tau-a", "float64"),
    _compare_work("tau-a", "float32"),
    _bootstrap_work("pearson", "corr", ceilings=True, n_peer=20, at_least=500),
    _bootstrap_work("pearson", "corr", ceilings=False, n_peer=50, at_least=500),
    _bootstrap_work("spearman", "spearman", ceilings=False, n_peer=5, at_least=100),
    _cka_work(N_TARGETS, 1),
    _cka_work(25_088, 2),
]

CURVES = [
    Curve(
        "correlation RDM, 2,048 features, states",
        (N_STATES // 2, N_STATES, 2 * N_STATES),
        lambda n: activations(2048, n_states=n),
        rdm,
    ),
    Curve(
        f"debiased CKA with {N_TARGETS} units, features",
        (512, 2048, 8192, 25_088),
        lambda n: (activations(n), activations(N_TARGETS, seed=1)),
        lambda data: linear_cka(*data),
    ),
]

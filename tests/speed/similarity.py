"""Speed of the similarity measures against their peers: what is measured, on what, and what must agree.

Workloads of the measures' note: 3160 states = 79 conditions x 40 bins. `WORK` is what a runner needs: for
each row our call, the peers' calls, how far the results differ, and the ratio to reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from innerscore.metrics.functional.cka import linear_cka
from innerscore.metrics.functional.compare_rdms import compare_rdms
from innerscore.metrics.functional.rdm import rdm
from innerscore.metrics.functional.rsa_bootstrap import bootstrap_rsa
from rsatoolbox.data import Dataset
from rsatoolbox.inference import eval_bootstrap_pattern
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs, calc_rdm, compare
from scipy.spatial.distance import pdist

N_CONDITIONS, N_BINS = 79, 40
N_STATES = N_CONDITIONS * N_BINS
RESULT = Any


@dataclass(frozen=True)
class Peer:
    """A peer's call; `share` is the part of our work that it does (its time is divided by it)."""

    name: str
    call: Callable[[], RESULT]
    at_least: float
    share: float = 1.0


@dataclass(frozen=True)
class Work:
    """One row: our call and those it is compared with."""

    name: str
    ours: Callable[[], RESULT]
    peers: tuple[Peer, ...]
    prepare: Callable[[], object] = field(default=lambda: None)

    def difference(self, ours: RESULT, theirs: RESULT) -> float:
        """Median absolute difference of two results; of their means over resamples where draws differ."""
        a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
        if a.shape != b.shape:
            a, b = a.mean(0), b.mean(0)
        return float(np.median(np.abs(a - b)))


@cache
def patterns(n_features: int, seed: int = 0, dtype: str = "float32"):
    """Smooth, correlated activations, as a network's: (3160, n_features)."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((N_STATES, 64), dtype=np.float32)
    mixed = latent @ rng.standard_normal((64, n_features), dtype=np.float32)
    return np.maximum(mixed + rng.standard_normal(mixed.shape, dtype=np.float32), 0).astype(dtype)


@cache
def large_rdms():
    """Two correlation RDMs of 3160 states in float64, (2, 1, n_pairs)."""
    first = patterns(512, dtype="float64")
    second = 0.5 * first + 0.5 * patterns(512, seed=1, dtype="float64")
    return rdm(first)[None], rdm(second)[None]


@cache
def small_rdms():
    """RDMs of 10 models and 40 measurements over 79 conditions."""
    rng = np.random.default_rng(0)
    states = rng.standard_normal((N_CONDITIONS, 50))
    data = rdm(states + 2 * rng.standard_normal((40, N_CONDITIONS, 50)))
    models = rdm(states + rng.standard_normal((10, N_CONDITIONS, 50)))
    return models, data


def _peer_rdm():
    return calc_rdm(Dataset(patterns(2048, dtype="float64")), "correlation").get_vectors()[0]


def _peer_bootstrap(method: str, n_boot: int):
    models, data = small_rdms()
    fixed = [ModelFixed(str(number), model) for number, model in enumerate(models)]
    return eval_bootstrap_pattern(
        fixed, RDMs(data), method=method, N=n_boot, boot_noise_ceil=False
    ).evaluations


def _product():
    x = torch.from_numpy(patterns(25_088))
    return x @ x.T


def _compare_work(method: str, at_least: float) -> Work:
    return Work(
        f"compare RDMs of {N_STATES} states, {method}",
        lambda: compare_rdms(*large_rdms(), method=method),
        (Peer("rsatoolbox", lambda: compare(*(RDMs(r) for r in large_rdms()), method), at_least),),
        prepare=large_rdms,
    )


def _bootstrap_work(method: str, peer_method: str, slice_of: int, at_least: float) -> Work:
    return Work(
        f"1,000 bootstraps, 10 models, 40 RDMs, {N_CONDITIONS} conditions, {method}",
        lambda: bootstrap_rsa(*small_rdms(), n_boot=1000, method=method),
        (
            Peer(
                f"rsatoolbox, {slice_of} bootstraps scaled",
                lambda: _peer_bootstrap(peer_method, slice_of),
                at_least,
                share=slice_of / 1000,
            ),
        ),
        prepare=small_rdms,
    )


WORK = (
    Work(
        f"correlation RDM, {N_STATES} states x 2,048 features",
        lambda: rdm(patterns(2048)),
        (
            Peer("rsatoolbox", _peer_rdm, 60),
            Peer("scipy pdist", lambda: pdist(patterns(2048, dtype="float64"), "correlation"), 25),
        ),
        prepare=lambda: (patterns(2048), patterns(2048, dtype="float64")),
    ),
    _compare_work("spearman", 2),
    _compare_work("tau-a", 2),
    _bootstrap_work("pearson", "corr", 50, 500),
    _bootstrap_work("spearman", "spearman", 10, 100),
)

#: Ours may take up to 1.5 times the product: a ratio of at least 1 / 1.5.
CKA_WORK = Work(
    f"debiased CKA, {N_STATES} x 25,088 against 1,889 units",
    lambda: linear_cka(patterns(25_088), patterns(1889, seed=1)),
    (Peer("the product x x^T alone", _product, 1 / 1.5),),
    prepare=lambda: (patterns(25_088), patterns(1889, seed=1)),
)

"""Spike-shuffle control: each cell's own null distribution of a metric, from shifts of its spikes in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....core.errors import InvalidArgumentError
from ....core.seeds import generator
from .._splits import check_integer
from .trajectory import Trajectory, spike_counts

__all__ = ["ShuffleControl", "shifted_spikes", "shuffle_control"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShuffleControl:
    """A metric of cells and its null distribution from shuffles.

    Attributes
    ----------
    observed : array of shape (n_cells,)
        Observed value of the metric.
    null : array of shape (n_shuffles, n_cells)
        Value of the metric for shifted spikes.
    percentile_95, percentile_99 : array of shape (n_cells,)
        Percentiles of the cell's own shuffles; NaN where all are NaN.
    passes_95, passes_99 : array of bool, shape (n_cells,)
        Whether `observed` is above the percentile; False where it is NaN.
    n_undefined : int
        Number of cells for which the metric is NaN.
    """

    observed: Floats
    null: Floats
    percentile_95: Floats
    percentile_99: Floats
    passes_95: npt.NDArray[np.bool_]
    passes_99: npt.NDArray[np.bool_]
    n_undefined: int


def shuffle_control(
    path: Trajectory,
    spike_times: Sequence[Floats],
    measure: Callable[[Floats], Floats],
    *,
    n_shuffles: int = 100,
    min_shift_s: float = 20.0,
    seed: int = 0,
) -> ShuffleControl:
    """Compare a metric of cells with the same metric of spikes shifted in time.

    All spikes of a cell are shifted by one random time along the path and wrapped at its end, which keeps the
    train's own structure and the path's, and breaks what ties them.

    Parameters
    ----------
    path : Trajectory
    spike_times : sequence of arrays of shape (n_spikes,)
        Seconds, one array a cell.
    measure : callable
        The metric: maps spikes at each sample (n_cells, n_samples) to one value a cell (n_cells,).
    n_shuffles : int, default=100
        Shifts; the 99th percentile needs 100 or more.
    min_shift_s : float, default=20
        Shifts are drawn evenly from this to the path's length less this.
    seed : int, default=0
        Seed of the shifts.

    Returns
    -------
    control : ShuffleControl
    """
    check_integer("n_shuffles", n_shuffles, least=1)
    observed = np.asarray(measure(spike_counts(path, spike_times).counts), dtype=np.float64)
    rng = generator(seed, "spike shuffle")
    shuffles = (shifted_spikes(path, spike_times, rng, min_shift_s) for _ in range(n_shuffles))
    null = np.stack([measure(spike_counts(path, shifted).counts) for shifted in shuffles])
    high, highest = _quantile(null, 0.95), _quantile(null, 0.99)
    with np.errstate(invalid="ignore"):
        return ShuffleControl(
            observed=observed,
            null=null,
            percentile_95=high,
            percentile_99=highest,
            passes_95=observed > high,
            passes_99=observed > highest,
            n_undefined=int(np.isnan(observed).sum()),
        )


def shifted_spikes(
    path: Trajectory, spike_times: Sequence[Floats], rng: np.random.Generator, min_shift_s: float = 20.0
) -> list[Floats]:
    """Each cell's spikes shifted by a time of its own and wrapped, on the path's clock."""
    start = path.times[0]
    length = path.times[-1] + path.durations[-1] - start
    if not 0 < min_shift_s < length / 2:
        raise InvalidArgumentError(
            "The 'min_shift_s' parameter",
            got=min_shift_s,
            needed=f"in (0, {length / 2:.6g}) s, half the path",
        )
    shifts = rng.uniform(min_shift_s, length - min_shift_s, len(spike_times))
    return [
        np.sort((spikes - start + shift) % length) + start
        for spikes, shift in zip(spike_times, shifts, strict=True)
    ]


def _quantile(null: Floats, q: float) -> Floats:
    """Quantile of the defined shuffles of each cell; the ((n + 1) q)-th of n, so that a null cell passes 1 - q."""
    result = np.full(null.shape[1], np.nan)
    defined = np.isfinite(null).any(0)
    result[defined] = np.nanquantile(null[:, defined], q, axis=0, method="weibull")
    return result

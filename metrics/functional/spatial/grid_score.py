"""Grid scores: sixfold symmetry of autocorrelograms, by two definitions that must not be mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....core.errors import InvalidArgumentError
from .._arrays import Array, like
from ._expanding_circle import expanding_circle_scores
from ._maps import BinSize, as_autocorrelograms, as_bin_size
from ._ring_mask import DEFAULT_RINGS, ring_mask_scores

__all__ = ["GRID_SCORE_METHODS", "GridScore", "grid_score"]

GRID_SCORE_METHODS = ("expanding-circle", "ring-mask")


@dataclass(frozen=True, eq=False)
class GridScore:
    """Grid scores of cells.

    Attributes
    ----------
    score : array of shape (n_cells,)
        Sixfold symmetry; NaN where undefined. Expanding circle: in [-2, 2], about 1.3 for a good cell. Ring
        mask: unbounded in principle, 1.3 to 1.7 for a good cell.
    square_score : array of shape (n_cells,) or None
        Fourfold symmetry, of the ring mask only.
    radius : array of shape (n_cells,)
        Outer radius of the best circle or ring, in the unit of `bin_size`.
    method : str
        The definition.
    n_undefined : int
        Cells without a score: silent, constant, or without a central field.
    """

    score: Array
    square_score: Array | None
    radius: Array
    method: str
    n_undefined: int


def grid_score(
    autocorrelation: Array,
    *,
    method: str = "expanding-circle",
    bin_size: BinSize = 1.0,
    rings: Sequence[tuple[float, float]] = DEFAULT_RINGS,
) -> GridScore:
    r"""Score the sixfold symmetry of autocorrelograms.

    ``expanding-circle`` (Sargolini et al. 2006; Langston et al. 2010; the Moser lab's): with r_t the Pearson
    correlation of the map and the map turned by t degrees, over the bins between the central field and a circle,

    .. math:: g = \min(r_{60}, r_{120}) - \max(r_{30}, r_{90}, r_{150}),

    the highest mean over three neighbouring circles. ``ring-mask`` (Banino et al. 2018; Sorscher et al. 2019):

    .. math:: g = (c_{60} + c_{120}) / 2 - (c_{30} + c_{90} + c_{150}) / 3,

    c the covariance of map and turned map in a ring, both about the unturned map's mean, over the unturned
    map's variance + 1e-5; the best of the rings. Scores of the two differ: never compare across methods.

    From rate maps, the first is opexebo's to rounding if the autocorrelogram is made with ``max_lag=0.9``, and the
    second the published scorer's with ``min_overlap=2``; with the defaults of `spatial_autocorrelation`, scores of
    noise are up to 0.3 and 0.2 from theirs.

    Parameters
    ----------
    autocorrelation : array of shape (n_cells, height, width) or (height, width)
        Autocorrelograms as from `spatial_autocorrelation`; odd sides; NaN bins are left out.
    method : {"expanding-circle", "ring-mask"}
        The definition.
    bin_size : float or tuple of float, default=1
        Side of a bin, or its height and width.
    rings : sequence of (inner, outer)
        Radii of the ring mask, as shares of the rate map's shorter side; by default 0.2 to ten radii in 0.4 .. 1.

    Returns
    -------
    grid_score : GridScore

    Raises
    ------
    InvalidArgumentError
        If a side is even, or an argument is not as described.
    """
    maps = as_autocorrelograms(autocorrelation)
    height, width = as_bin_size(bin_size)
    unit = min(height, width)
    step = (height / unit, width / unit)
    square = None
    if method == "expanding-circle":
        found = expanding_circle_scores(maps, step)
        score, radius = found.score, found.radius
    elif method == "ring-mask":
        _check_rings(rings)
        score, square, radius = ring_mask_scores(maps, step, rings)
    else:
        raise InvalidArgumentError(
            "The 'method' parameter", got=repr(method), needed=f"in {GRID_SCORE_METHODS}"
        )
    return GridScore(
        score=like(score, autocorrelation),
        square_score=None if square is None else like(square, autocorrelation),
        radius=like(radius * unit, autocorrelation),
        method=method,
        n_undefined=int(score.isnan().sum()),
    )


def _check_rings(rings: Sequence[tuple[float, float]]) -> None:
    if not rings or not all(0 <= inner < outer <= 1 for inner, outer in rings):
        raise InvalidArgumentError(
            "The 'rings' parameter", got=rings, needed="pairs 0 <= inner < outer <= 1, one or more"
        )

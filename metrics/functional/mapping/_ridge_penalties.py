"""The penalties a ridge map may choose from: absolute, or in units of the training features' sum of squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ....core.errors import InvalidArgumentError

__all__ = ["Alphas", "Penalties", "check_alphas", "default_alphas", "published_alphas"]

#: None for the relative default, the published grid by name, or penalties of one's own.
Alphas: TypeAlias = npt.ArrayLike | Literal["published"] | None


@dataclass(frozen=True, eq=False)
class Penalties:
    """A grid of penalties.

    Attributes
    ----------
    values : array of shape (n_alphas,)
        Ascending, above 0.
    relative : bool
        Whether they are in units of the sum of squares of the centred training features.
    """

    values: npt.NDArray[np.float64]
    relative: bool

    def __len__(self) -> int:
        return len(self.values)


def default_alphas() -> npt.NDArray[np.float64]:
    """The 23 relative penalties 1e-10, 3.2e-10, ..., 10, in half decades.

    The sum of squares of the centred training features is the sum of the eigenvalues s of X'X, so the largest
    is at most 1: at 10 every filter s / (s + a) is below 1/11 and nearly proportional to s (full shrinkage).
    The eigenvalues of n white features are 1/n each: 1e-10 takes 1e-6 of them for n = 10,000 (no shrinkage).
    """
    return np.geomspace(1e-10, 10, 23)


def published_alphas() -> npt.NDArray[np.float64]:
    """The 24 absolute penalties of Nayebi et al. 2023: 15 from 1e-9 to 1e5 and 9 from 5e-4 to 5e4."""
    return np.union1d(np.geomspace(1e-9, 1e5, 15), 5 * np.geomspace(1e-4, 1e4, 9))


def check_alphas(alphas: object, *, relative: bool = False) -> Penalties:
    """The penalties to choose from; see `ridge_predictivity`."""
    if alphas is None:
        return Penalties(default_alphas(), relative=True)
    if isinstance(alphas, str):
        return _by_name(alphas, relative=relative)
    grid = np.unique(np.atleast_1d(np.asarray(alphas, dtype=np.float64)))
    if grid.ndim != 1 or grid.size == 0 or not np.isfinite(grid).all() or grid[0] <= 0:
        raise InvalidArgumentError("The 'alphas' parameter", got=repr(alphas), needed="finite and above 0")
    return Penalties(grid, relative=relative)


def _by_name(name: str, *, relative: bool) -> Penalties:
    if name != "published":
        raise InvalidArgumentError(
            "The 'alphas' parameter", got=repr(name), needed="'published', an array of penalties, or None"
        )
    if relative:
        raise InvalidArgumentError(
            "The 'relative' parameter",
            got="True with the published penalties",
            needed="False: these are absolute",
            hint="Leave 'alphas' out for relative penalties.",
        )
    return Penalties(published_alphas(), relative=False)

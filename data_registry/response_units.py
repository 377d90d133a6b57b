"""Units of responses: spike counts that pass for firing rates, and rates that pass for counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidDataError

__all__ = ["cannot_be_rates", "checked_unit"]

_HZ = ("hz", "spikes/s", "sp/s", "1/s", "spikes per second")
_COUNTS = ("count", "counts", "spikes", "spike count", "spike counts")
_ROUNDING = 1e-6

Values = npt.NDArray[np.floating[Any]]


def checked_unit(values: Values, bin_s: Values | None, units: str | None, subject: str) -> str:
    """The unit of some responses, if their values can be in it.

    Parameters
    ----------
    values : array of shape (..., n_bins)
        Responses; NaN where nothing was recorded.
    bin_s : array of shape (n_bins,) or None
        Widths of the bins in s; None where they are not known.
    units : str or None
        Unit as the card names it; None for Hz.
    subject : str
        The responses, for messages.

    Returns
    -------
    units : str
        ``Hz`` for every spelling of it, else as given.

    Raises
    ------
    InvalidDataError
        If values given as Hz are whole numbers that no spike in a bin makes, or that may be counts as well while
        the card names no unit; or values given as counts are no whole numbers from 0 on.
    """
    named = (units or "Hz").strip().lower()
    if named in _COUNTS and not _whole(values, least=0):
        raise InvalidDataError(
            subject,
            got="values that are not whole or below 0",
            needed=f"spike counts, as 'units: {units}' says",
            hint="Give 'units: Hz', or 'units: mean counts' for means over trials, in the options of the card.",
        )
    if named not in _HZ:
        return units or "Hz"
    if bin_s is not None and cannot_be_rates(values, bin_s):
        raise InvalidDataError(
            subject,
            got=f"nothing but whole numbers, in bins of {np.median(bin_s) * 1000:g} ms in which one spike is "
            f"{1 / np.median(bin_s):.3g} Hz",
            needed="firing rates in Hz",
            hint="They look like counts: give 'units: counts' in the options of the card, a 'scale' of the field "
            "that makes Hz of them, or 'units: rounded Hz' if they are rates that were rounded.",
        )
    if bin_s is None and units is None and _whole(values):
        raise InvalidDataError(
            subject,
            got="nothing but whole numbers and no time bins, which may be counts or Hz",
            needed="of a unit that is known",
            hint="Give 'units: Hz' or 'units: counts' in the options of the card.",
        )
    return "Hz"


def cannot_be_rates(values: Values, bin_s: Values) -> bool:
    """Whether responses are whole numbers of which some are less than one spike in their bin, so counts.

    Parameters
    ----------
    values : array of shape (..., n_bins)
    bin_s : array of shape (n_bins,)
        Widths of the bins in s.
    """
    if not _whole(values):
        return False
    with np.errstate(invalid="ignore"):
        return bool(((values > 0) & (values * bin_s < 1 - _ROUNDING)).any())


def _whole(values: Values, least: float = -np.inf) -> bool:
    """Whether all known values are whole numbers, not below the least, and some are not 0."""
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all() and (known >= least).all() and known.any())

"""Size of an autocorrelogram's central peak, by the Moser lab's adaptive threshold.

The peak's height is that after opening by reconstruction (Vincent 1993), which takes off a tip narrower than a
cross of bins. The field is what is connected to the middle above a threshold that falls from 95 % to 20 % of that
height. It stops before it leaks (its area jumps by three times the first step's growth), closes around a hole, or
has stood still for ten steps. All maps grow together in a small
window; those that reach its rim are done again in a larger one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

__all__ = ["central_radius"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_THRESHOLDS = tuple(np.round(np.linspace(0.95, 0.2, 38), 2).tolist())
_SECOND_THRESHOLD = 0.93
_MIN_BINS, _MAX_JUMP, _MAX_STILL = 5, 3, 10
_BY_SIDES = np.zeros((3, 3, 3), dtype=bool)
_BY_SIDES[1] = ndimage.generate_binary_structure(2, 1)
_TIP_REACH, _FIRST_REACH = 6, 10
_MAPS_AT_ONCE = 32


def central_radius(autocorrelation: torch.Tensor) -> torch.Tensor:
    """Radius in bins of the disc of the central field's area, rounded down; 0 where there is no such field.

    Connected fields are labelled by scipy, on the CPU.

    Parameters
    ----------
    autocorrelation : tensor of shape (n_cells, height, width)
        NaN where undefined.

    Returns
    -------
    radius : tensor of int64, shape (n_cells,)
    """
    known = autocorrelation.detach().cpu().numpy()
    maps = np.nan_to_num(known, nan=-1.0)
    peak = np.where(np.isfinite(_middle(known)), _opened_peak(_window(maps, _TIP_REACH)), 0.0)
    area = _central_area(maps, peak)
    radius = np.floor(np.sqrt(np.where(area >= _MIN_BINS, area, 0) / np.pi)).astype(np.int64)
    return torch.from_numpy(radius).to(autocorrelation.device)


def _middle(maps: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]


def _window(maps: Floats, reach: int) -> Floats:
    """The middle of each map, `reach` bins to each side, or as many as there are."""
    height, width = (side // 2 for side in maps.shape[1:])
    y, x = min(reach, height), min(reach, width)
    return maps[:, height - y : height + y + 1, width - x : width + x + 1]


def _opened_peak(maps: Floats) -> Floats:
    """Height of the middle after opening by reconstruction: eroded by a cross, dilated by squares below the map."""
    opened = ndimage.grey_erosion(maps, footprint=_BY_SIDES[1:2], mode="nearest")
    while True:
        before = opened
        opened = np.minimum(ndimage.maximum_filter(opened, (1, 3, 3), mode="nearest"), maps)
        if np.array_equal(opened, before):
            return np.asarray(_middle(opened), dtype=np.float64)


def _central_area(maps: Floats, peak: Floats) -> Floats:
    """Bins of each central field; 0 where it is not defined."""
    area, pending, reach = np.zeros(len(maps)), np.flatnonzero(peak > 0), _FIRST_REACH
    while len(pending):
        window = _window(maps, reach)[pending]
        whole = window.shape[1:] == maps.shape[1:]
        area[pending], cut = _area_within(window / peak[pending, None, None], whole=whole)
        pending, reach = pending[cut], 2 * reach
    return area


def _area_within(level: Floats, *, whole: bool) -> tuple[Floats, Bools]:
    """Bins of each central field, and whether it was cut off by the rim of a window that is not the whole map.

    `level` is the map over its peak.
    """
    areas, holes, at_rim = _fields(level)
    cut_off = at_rim & (not whole)
    first, second = 0, _THRESHOLDS.index(_SECOND_THRESHOLD)
    last = areas[:, second].copy()
    jump = last / np.maximum(areas[:, first], 1)
    accepted, still = np.zeros(len(level)), np.zeros(len(level))
    cut = cut_off[:, second].copy()
    active = ~cut & ~holes[:, first] & ~holes[:, second]
    for area, hole, off in zip(areas.T, holes.T, cut_off.T, strict=True):
        change = area / np.maximum(last, 1)
        still = np.where(change == 1, still + 1, 0)
        bounded = active & (change / jump < _MAX_JUMP) & (still < _MAX_STILL)
        cut |= bounded & off
        active = bounded & ~off & ~hole
        last, accepted = np.where(active, area, last), np.where(active, area, accepted)
    return accepted, cut


def _fields(level: Floats) -> tuple[Floats, Bools, Bools]:
    """Bins of the field around the middle at each threshold, whether it closes around a hole or meets the rim.

    Each has a row for each map. Maps are taken a few at a time, all their thresholds together.
    """
    parts = []
    for first in range(0, len(level), _MAPS_AT_ONCE):
        above = level[first : first + _MAPS_AT_ONCE, None] >= np.asarray(_THRESHOLDS)[:, None, None]
        field = _connected_to_middle(above.reshape(-1, *level.shape[1:]))
        parts.append([fact(field).reshape(len(above), -1) for fact in (_area, _has_hole, _touches_rim)])
    area, hole, at_rim = (np.concatenate(part) for part in zip(*parts, strict=True))
    return area, hole, at_rim


def _connected_to_middle(allowed: Bools) -> Bools:
    """The part of each mask that is connected to its middle by sides."""
    labels = np.asarray(ndimage.label(allowed, _BY_SIDES)[0])
    middle = labels[:, allowed.shape[1] // 2, allowed.shape[2] // 2][:, None, None]
    return np.asarray((labels == middle) & (middle > 0))


def _touches_rim(field: Bools) -> Bools:
    rows, columns = field[:, [0, -1]].any((1, 2)), field[:, :, [0, -1]].any((1, 2))
    return np.asarray(rows | columns)


def _area(field: Bools) -> Floats:
    return np.asarray(np.count_nonzero(field.reshape(len(field), -1), axis=1), dtype=np.float64)


def _has_hole(field: Bools) -> Bools:
    """Whether background is enclosed, corners not leaking: Euler number of the union of closed bins below 1."""
    bins = np.pad(field, ((0, 0), (1, 1), (1, 1)))
    across, down = bins[:, :, :-1] | bins[:, :, 1:], bins[:, :-1] | bins[:, 1:]
    corners = across[:, :-1] | across[:, 1:]
    return np.asarray(_area(corners) - _area(across) - _area(down) + _area(field) < 1)

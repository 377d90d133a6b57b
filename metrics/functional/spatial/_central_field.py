"""Size of an autocorrelogram's central peak, by the Moser lab's adaptive threshold.

The peak's height is that after opening by reconstruction (Vincent 1993), which takes off a tip narrower than a
cross of bins. The field is what is connected to the middle above a threshold that falls from 95 % to 20 % of that
height. It stops before it leaks (its area jumps by three times the first step's growth), closes around a hole, or
has stood still for ten steps. All maps grow together in a small
window; those that reach its rim are done again in a larger one.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as nn

__all__ = ["central_radius"]

_THRESHOLDS = tuple(np.round(np.linspace(0.95, 0.2, 38), 2).tolist())
_SECOND_THRESHOLD = 0.93
_MIN_BINS, _MAX_JUMP, _MAX_STILL = 5, 3, 10
_BY_SIDES = np.stack([np.zeros((3, 3)), ndimage.generate_binary_structure(2, 1), np.zeros((3, 3))])
_TIP_REACH, _FIRST_REACH = 6, 10


def central_radius(autocorrelation: torch.Tensor) -> torch.Tensor:
    """Radius in bins of the disc of the central field's area, rounded down; 0 where there is no such field.

    Parameters
    ----------
    autocorrelation : tensor of shape (n_cells, height, width)
        NaN where undefined.

    Returns
    -------
    radius : tensor of int64, shape (n_cells,)
    """
    maps = torch.nan_to_num(autocorrelation, nan=-1.0)
    peak = _opened_peak(_window(maps, _TIP_REACH))
    area = _central_area(maps, torch.where(_window(autocorrelation, 0)[:, 0, 0].isfinite(), peak, 0.0))
    return (torch.where(area >= _MIN_BINS, area, 0) / torch.pi).sqrt().floor().long()


def _window(maps: torch.Tensor, reach: int) -> torch.Tensor:
    """The middle of each map, `reach` bins to each side, or as many as there are."""
    height, width = (side // 2 for side in maps.shape[1:])
    y, x = min(reach, height), min(reach, width)
    return maps[:, height - y : height + y + 1, width - x : width + x + 1]


def _opened_peak(maps: torch.Tensor) -> torch.Tensor:
    """Height of the middle after opening by reconstruction: eroded by a cross, dilated by squares below the map."""
    padded = nn.pad(maps, (1, 1, 1, 1), value=torch.inf)
    opened = maps.minimum(padded[:, :-2, 1:-1]).minimum(padded[:, 2:, 1:-1])
    opened = opened.minimum(padded[:, 1:-1, :-2]).minimum(padded[:, 1:-1, 2:])
    while True:
        before = opened
        opened = nn.max_pool2d(opened[:, None], 3, stride=1, padding=1)[:, 0].minimum(maps)
        if torch.equal(opened, before):
            return _window(opened, 0)[:, 0, 0]


def _central_area(maps: torch.Tensor, peak: torch.Tensor) -> torch.Tensor:
    """Bins of each central field; 0 where it is not defined."""
    area, pending, reach = torch.zeros_like(peak), torch.nonzero(peak > 0)[:, 0], _FIRST_REACH
    while len(pending):
        window = _window(maps, reach)[pending]
        whole = window.shape[1:] == maps.shape[1:]
        area[pending], cut = _area_within(window, peak[pending], whole=whole)
        pending, reach = pending[cut], 2 * reach
    return area


def _area_within(maps: torch.Tensor, peak: torch.Tensor, *, whole: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Bins of each central field, and whether it was cut off by the rim of a window that is not the whole map."""
    level = maps / peak[:, None, None]
    first, second = (_connected_to_middle(level >= share) for share in (_THRESHOLDS[0], _SECOND_THRESHOLD))
    jump = _area(second) / _area(first).clamp(min=1)
    last, accepted, still = _area(second), torch.zeros_like(jump), torch.zeros_like(jump)
    cut = _touches_rim(second) & (not whole)
    active = torch.nonzero(~cut & ~_has_hole(first) & ~_has_hole(second))[:, 0]
    for threshold in _THRESHOLDS:
        field = _connected_to_middle(level[active] >= threshold)
        area = _area(field)
        change = area / last[active]
        still[active] = torch.where(change == 1, still[active] + 1, 0.0)
        bounded = (change / jump[active] < _MAX_JUMP) & (still[active] < _MAX_STILL)
        cut[active] = bounded & _touches_rim(field) & (not whole)
        grows = bounded & ~cut[active] & ~_has_hole(field)
        active = active[grows]
        last[active] = accepted[active] = area[grows]
        if not len(active):
            break
    return accepted, cut


def _connected_to_middle(allowed: torch.Tensor) -> torch.Tensor:
    """The part of each mask that is connected to its middle by sides."""
    labels = torch.from_numpy(ndimage.label(allowed.cpu().numpy(), _BY_SIDES)[0]).to(allowed.device)
    middle = labels[:, allowed.shape[1] // 2, allowed.shape[2] // 2][:, None, None]
    return (labels == middle) & (middle > 0)


def _touches_rim(field: torch.Tensor) -> torch.Tensor:
    edges = (field[:, 0], field[:, -1], field[:, :, 0], field[:, :, -1])
    return torch.stack([edge.any(1) for edge in edges]).any(0)


def _area(field: torch.Tensor) -> torch.Tensor:
    return field.float().sum((-2, -1)).double()


def _has_hole(field: torch.Tensor) -> torch.Tensor:
    """Whether background is enclosed, corners not leaking: Euler number of the union of closed bins below 1."""
    bins = nn.pad(field, (1, 1, 1, 1))
    across, down = bins[:, :, :-1] | bins[:, :, 1:], bins[:, :-1] | bins[:, 1:]
    corners = across[:, :-1] | across[:, 1:]
    return _area(corners) - _area(across) - _area(down) + _area(field) < 1

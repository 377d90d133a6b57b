"""A walk that plays, as an animated SVG."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .svg import Scale, document, element

__all__ = ["path_animation"]


def path_animation(
    positions: npt.NDArray[np.float64], arena_m: tuple[float, float], seconds: float, title: str
) -> str:
    """A walk through an arena: its path, and a dot that runs along it and repeats for ever.

    Parameters
    ----------
    positions : array of shape (time, 2)
        Positions in m.
    arena_m : tuple of float
        Width and height in m.
    seconds : float
        Duration of one round; 0 for a still picture.
    title : str
    """
    wide = 320.0
    high = wide * arena_m[1] / arena_m[0]
    across, up = Scale(0, arena_m[0], 8, 8 + wide), Scale(0, arena_m[1], 8 + high, 8)
    way = "M" + " L".join(f"{across(float(x)):.1f},{up(float(y)):.1f}" for x, y in positions)
    walls = element(
        "rect", x=8, y=8, width=wide, height=high, fill="#ffffff", stroke="#5b6577", stroke_width=2
    )
    path = element("path", d=way, fill="none", stroke="#c3cad6", stroke_width=1.5)
    moves = element("animateMotion", path=way, dur=f"{seconds:.1f}s", repeatCount="indefinite")
    end = (across(float(positions[-1, 0])), up(float(positions[-1, 1])))
    walker = (
        element("circle", moves, r=7, fill="#1f5fae")
        if seconds > 0
        else element("circle", cx=end[0], cy=end[1], r=7, fill="#1f5fae")
    )
    return str(
        document(wide + 16, high + 16, title, "A walker's path, played.", [walls, path, walker], key="walk")
    )

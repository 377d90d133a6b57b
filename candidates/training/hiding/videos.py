"""HidingShapes: clips that follow from seed, part of the corpus and number."""

from __future__ import annotations

from ....core.seeds import child_seed
from ....tasks.hiding_shapes import HidingClips, hiding_shapes

__all__ = ["N_AHEAD", "N_CONTEXT", "N_FRAMES", "clips", "judged_clips"]

N_CONTEXT = 16  # frames before the main object's centre goes behind the panel, in the clips that judge
N_AHEAD = 40  # frames after these
N_FRAMES = N_CONTEXT + N_AHEAD

_EARLIEST = 8


def clips(seed: int, part: str, index: int, n_clips: int, *, n_frames: int = N_FRAMES) -> HidingClips:
    """Clips to train on, or to choose an epoch by; the main object hides after 8 to 24 frames, or 8 to 16 of 25.

    Parameters
    ----------
    seed, index, n_clips, n_frames : int
        As for :func:`~innerscore.tasks.hiding_shapes.hiding_shapes`; 25 frames or more.
    part : str
        Part of the corpus; no clip is in two.
    """
    latest = 24 if n_frames >= N_FRAMES else 16
    return hiding_shapes(
        child_seed(seed, "hiding", part), index, n_clips, n_frames, before=(_EARLIEST, latest)
    )


def judged_clips(n_clips: int, *, part: str = "test", index: int = 0) -> HidingClips:
    """Clips in which the main object hides after N_CONTEXT frames; the same for all predictors and seeds."""
    seed = child_seed(0, "hiding", part)
    return hiding_shapes(seed, index, n_clips, N_FRAMES, before=(N_CONTEXT, N_CONTEXT))

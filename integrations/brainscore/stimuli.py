"""Clips as Brain-Score's sets of images, and sets of images as stimuli."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from ...core.errors import InvalidDataError
from ...core.stimuli import FrameClip
from ...core.stimuli import StimulusSet as OurStimulusSet

if TYPE_CHECKING:
    from .installed import StimulusSet

__all__ = ["from_stimulus_set", "to_stimulus_set"]


def to_stimulus_set(clips: Iterable[FrameClip], folder: Path, *, identifier: str) -> StimulusSet:
    """Write every frame as a PNG file, and list the files.

    A frame's ``stimulus_id`` is made of its clip's content and its number, as Brain-Score's models keep activations
    by that name; ``clip`` and ``frame`` say where it comes from.

    Parameters
    ----------
    clips : iterable of FrameClip
        Clips in the order of the set.
    folder : Path
        Folder for the files.
    identifier : str
        Name of the set.
    """
    from .installed import StimulusSet

    rows = [
        {"stimulus_id": f"{clip.content_hash[:16]}-{frame:05d}", "clip": clip.identifier, "frame": frame}
        for clip in clips
        for frame in range(clip.n_steps)
    ]
    frames = (frame for clip in clips for frame in clip.frames)
    paths = {row["stimulus_id"]: folder / f"{row['stimulus_id']}.png" for row in rows}
    for row, frame in zip(rows, frames, strict=True):
        Image.fromarray(frame).save(paths[row["stimulus_id"]])
    shown = StimulusSet([{**row, "filename": paths[row["stimulus_id"]].name} for row in rows])
    shown.identifier = identifier
    shown.stimulus_paths = paths
    return shown


def from_stimulus_set(shown: StimulusSet, *, degrees: float) -> OurStimulusSet:
    """Images as clips of one frame, with the set's table.

    Parameters
    ----------
    shown : StimulusSet
        A set of image files.
    degrees : float
        Visual angle of an image's width.

    Raises
    ------
    InvalidDataError
        If a file is missing or no image, or the set has no name or no images.
    """
    identifier = getattr(shown, "identifier", None)
    if not identifier or not len(shown):
        raise InvalidDataError(
            "The StimulusSet",
            got=f"{len(shown)} images, identifier {identifier!r}",
            needed="named, with images",
        )
    clips = tuple(_clip(str(name), Path(shown.get_stimulus(name)), degrees) for name in shown["stimulus_id"])
    return OurStimulusSet(str(identifier), clips, pd.DataFrame(shown).reset_index(drop=True))


def _clip(name: str, path: Path, degrees: float) -> FrameClip:
    try:
        with Image.open(path) as image:
            frame = np.array(image.convert("RGB"))
    except OSError as error:
        raise InvalidDataError(f"The stimulus '{name}'", got=repr(error), needed="an image file") from error
    return FrameClip(name, frame[None], rate_hz=1.0, degrees_per_pixel=degrees / frame.shape[1])

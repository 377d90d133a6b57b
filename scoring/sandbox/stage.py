"""The two folders that a sandbox shows: a copy of the candidate's files, and the stimuli."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...core.bundles import bundle_files
from ...core.files import exclusive
from ...core.stimuli import StimulusSet
from ...core.stimulus_arrays import stimulus_arrays

__all__ = ["copy_candidate", "stimulus_folder"]


def copy_candidate(source: Path, target: Path) -> None:
    """Copy the files that a candidate's hash is over, and no other, so that nobody can depend on others.

    All users may read the copy: in a sandbox that root starts, the candidate is nobody.
    """
    target.mkdir()
    target.chmod(0o755)
    for path in bundle_files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o644)
    for folder in target.rglob("*/"):
        folder.chmod(0o755)


def stimulus_folder(stimuli: StimulusSet, cache_dir: Path) -> tuple[Path, Mapping[str, str]]:
    """The folder with the stimuli of a set, made once and kept, and the file of each by its identifier.

    Which benchmark they belong to is not said in it.
    """
    width = len(str(len(stimuli)))
    names = {one.identifier: f"{number:0{width}d}.npz" for number, one in enumerate(stimuli)}
    folder = cache_dir / "stimuli" / stimuli.content_hash
    if not folder.is_dir():
        with exclusive(folder):
            if not folder.is_dir():
                _write(stimuli, names, folder)
    return folder, names


def _write(stimuli: StimulusSet, names: Mapping[str, str], folder: Path) -> None:
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o755)
    for stimulus in stimuli:
        path = part / names[stimulus.identifier]
        np.savez(path, **stimulus_arrays(stimulus))
        path.chmod(0o644)
    part.rename(folder)

"""A benchmark's stimuli as plain files, so that a model in another language can be run on them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..benchmarks import Benchmark
from ..core.stimuli import Stimulus
from ..core.stimulus_arrays import stimulus_arrays
from ..core.whole_folder import whole_folder

__all__ = ["SCHEMA_VERSION", "stimulus_files", "write_stimuli"]

SCHEMA_VERSION = 1


def stimulus_files(benchmark: Benchmark) -> Iterator[tuple[str, bytes]]:
    """Names and contents: one npz a stimulus, and ``index.json`` that says which is which.

    What a candidate sees is in them and nothing else: no table, no recording.

    Parameters
    ----------
    benchmark : Benchmark
        Benchmark that the stimuli belong to.
    """
    stimuli = benchmark.stimuli
    width = len(str(len(stimuli)))
    named = {f"{number:0{width}d}.npz": stimulus for number, stimulus in enumerate(stimuli, start=1)}
    for file, stimulus in named.items():
        yield file, _npz(stimulus)
    index = {
        "schema": SCHEMA_VERSION,
        "benchmark": benchmark.identifier,
        "version": benchmark.version,
        "kind": stimuli.kind,
        "stimuli_sha256": stimuli.content_hash,
        "stimuli": [_row(file, stimulus) for file, stimulus in named.items()],
    }
    yield "index.json", json.dumps(index, indent=1, ensure_ascii=False).encode()


def write_stimuli(benchmark: Benchmark, folder: Path) -> int:
    """Write a benchmark's stimuli into a folder, whole or not at all.

    Parameters
    ----------
    benchmark : Benchmark
        Benchmark that the stimuli belong to.
    folder : pathlib.Path
        Folder to write; it must be new or empty.

    Returns
    -------
    n_stimuli : int
        Number of stimuli written.

    Raises
    ------
    InvalidInputError
        If the folder cannot be written, or holds other files.
    """
    with whole_folder(folder, replaceable=()) as new:
        for name, content in stimulus_files(benchmark):
            (new / name).write_bytes(content)
    return len(benchmark.stimuli)


def _row(file: str, stimulus: Stimulus) -> dict[str, Any]:
    facts = {"stimulus": stimulus.identifier, "file": file, "n_steps": stimulus.n_steps}
    return {**facts, "rate_hz": stimulus.rate_hz, "content_sha256": stimulus.content_hash}


def _npz(stimulus: Stimulus) -> bytes:
    body = io.BytesIO()
    np.savez_compressed(body, **stimulus_arrays(stimulus))
    return body.getvalue()

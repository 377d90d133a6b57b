"""The program inside the sandbox: it builds the candidate, shows it stimuli, writes its activations to a pipe.

This file is run by itself in a process that sees no other folder of innerscore than those named in
``confinement.py``, so its imports are absolute. The first line on standard input says what to build, each further
line which stimuli to show. Answers are frames: a letter, the length as 8 bytes, the body.

======  ===========================================================
letter  body
======  ===========================================================
``S``   nothing: this code runs, and none of the candidate's has
``L``   nothing: the candidate is built
``A``   npz with the arrays of one stimulus, as in a file of activations
``E``   JSON: what went wrong
======  ===========================================================

What comes after the candidate's first line of code is its word, not ours: the other end trusts none of it.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from innerscore.core.activations import TimedValues, as_array
from innerscore.core.batching import show
from innerscore.core.entries import import_entry
from innerscore.core.stimuli import Stimulus
from innerscore.core.stimulus_arrays import stimulus_of_arrays

_HEADER = struct.Struct("!cQ")
_MOST_WORDS = 2000


def main() -> None:
    """Build, then show whatever is asked for until there is no more."""
    requests, replies = _own_channel()
    job = json.loads(requests.readline())
    _set_limits(job["limits"])
    _send(replies, b"S", b"")
    try:
        model = _built(job)
        _send(replies, b"L", b"")
        for line in requests:
            _answer(replies, model, json.loads(line))
    except BaseException as error:
        traceback.print_exc()
        words = f"{type(error).__name__}: {error}"[:_MOST_WORDS]
        _send(replies, b"E", json.dumps({"got": words}).encode())


def _own_channel() -> tuple[IO[bytes], IO[bytes]]:
    """Keep both pipes for ourselves: what the candidate prints goes to the log, and it reads nothing."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def _set_limits(limits: Mapping[str, int]) -> None:
    """Hard limits, which nobody in here can raise again."""
    for name, most in limits.items():
        kind = getattr(resource, name)
        # The first limit of processor time ends a process with a signal that says so, the second one kills.
        last = most + 1 if name == "RLIMIT_CPU" else most
        hard = _least(last, resource.getrlimit(kind)[1])
        resource.setrlimit(kind, (min(most, hard), hard))


def _least(wanted: int, allowed: int) -> int:
    return wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)


def _built(job: Mapping[str, Any]) -> Any:
    arguments = dict(job["arguments"])
    if job["weights"] is not None:
        from innerscore.candidates.weights import read_weights  # waits for torch

        file, sha256 = job["weights"]
        arguments["weights"] = read_weights(Path(file), sha256=sha256)
    return import_entry(job["entry"], Path(job["folder"]))(**arguments)


def _answer(replies: IO[bytes], model: Any, asked: Sequence[Sequence[str]]) -> None:
    stimuli = [_stimulus(identifier, Path(file)) for identifier, file in asked]
    returned = show(model, stimuli)
    if len(returned) != len(stimuli):
        raise ValueError(f"{len(returned)} results for a batch of {len(stimuli)} stimuli")
    for stimulus, layers in zip(stimuli, returned, strict=True):
        _send(replies, b"A", _npz(stimulus, layers))


def _stimulus(identifier: str, path: Path) -> Stimulus:
    with np.load(path, allow_pickle=False) as arrays:
        return stimulus_of_arrays(identifier, {name: arrays[name] for name in arrays.files})


def _npz(stimulus: Stimulus, layers: Any) -> bytes:
    if not isinstance(layers, Mapping):
        raise TypeError(
            f"{type(layers).__name__} for stimulus '{stimulus.identifier}', not a mapping of layers"
        )
    arrays: dict[str, Any] = {}
    for name, value in layers.items():
        timed = isinstance(value, TimedValues)
        subject = f"Layer '{name}' for stimulus '{stimulus.identifier}'"
        values = as_array(subject, value.values if timed else value)
        # Files of activations have numbers only.
        arrays[f"{stimulus.identifier}/{name}"] = values.astype(np.uint8) if values.dtype == bool else values
        if timed:
            arrays[f"{stimulus.identifier}/{name}@times_ms"] = as_array(
                f"The times of {subject}", value.times_ms
            )
    body = io.BytesIO()
    np.savez(body, **arrays)
    return body.getvalue()


def _send(replies: IO[bytes], letter: bytes, body: bytes) -> None:
    replies.write(_HEADER.pack(letter, len(body)))
    replies.write(body)
    replies.flush()


if __name__ == "__main__":
    main()

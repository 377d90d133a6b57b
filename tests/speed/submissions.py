"""What a sandbox and a queue add to the work itself.

Overhead is the time of a job in the sandbox less that of the same job in this process, both from the folder on, of
which the stimuli are on disk already: a start of bubblewrap and of an interpreter, numpy's import, the copy of the
files, and the activations through a pipe.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from limits import Limit

sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))
from candidate_folder import CARD, write_candidate

from innerscore.candidates import load_candidate
from innerscore.candidates.interface import bundle_sha256, find_candidate
from innerscore.core.bundles import Bundle
from innerscore.core.cards import CandidateCard
from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.settings import Settings
from innerscore.core.stimuli import SelfMotion, StimulusSet
from innerscore.leaderboard.queue import Queue
from innerscore.leaderboard.store import Store
from innerscore.scoring.sandbox import Sandbox

# Its work takes no time.
_CODE = """
class Model:
    def activations(self, stimulus):
        return {'a': stimulus.velocity ** 3}
"""
_TURNS = 5


def _walks(n: int = 20) -> StimulusSet:
    rng = np.random.default_rng(0)
    made = tuple(
        SelfMotion(f"w{k}", rng.normal(size=(1000, 2)), 50.0, np.ones(2), (2.0, 2.0)) for k in range(n)
    )
    return StimulusSet("walks", made, pd.DataFrame({"stimulus_id": [one.identifier for one in made]}))


def _overhead() -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data", cache_dir=Path(folder) / "cache", offline=True)
        plain = write_candidate(Path(folder) / "plain", _CODE)
        with_torch = write_candidate(Path(folder) / "with-torch", "import torch\n" + _CODE)
        return {
            "overhead s": _added(str(plain), settings),
            "overhead with torch's import s": _added(str(with_torch), settings),
        }


def _added(candidate: str, settings: Settings) -> float:
    stimuli = _walks()
    made_of = bundle_sha256(find_candidate(candidate, settings))

    def boxed() -> None:
        with Sandbox(settings).opened(candidate, made_of, stimuli, seed=0) as opened:
            opened.activations(stimuli.stimuli)

    boxed()  # writes the stimuli
    open_seconds = _fastest(lambda: load_candidate(candidate, settings).activations(stimuli.stimuli))
    return _fastest(boxed) - open_seconds


def _fastest(do: Callable[[], object]) -> float:
    return min(_seconds(do) for _ in range(_TURNS))


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _claims(n_jobs: int = 1000, n_workers: int = 4) -> Mapping[str, float]:
    """Claim and finish all by several processes; SQLite, every claim synced to disk."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'board.sqlite'}"
        Store(url).close()
        queue = Queue(url)
        card = CandidateCard.model_validate(CARD)
        for k in range(n_jobs):
            queue.submit(Bundle(card, {}, sha256_of_bytes(b"%d" % k), sha256_of_bytes(b"zip")), ["B.x"])
        queue.close()
        seconds = _seconds(lambda: _in_processes(lambda: _drain(url), n_workers))
        events = sum(len(queue.events(one.identifier)) for one in queue.all(limit=n_jobs))
        queue.close()
    return {"whole s": seconds, "run twice": float(events - 3 * n_jobs)}  # received, checking, scored


def _drain(url: str) -> None:
    queue = Queue(url)
    while (lease := queue.claim(str(os.getpid()), seconds=600)) is not None:
        queue.finish(lease)


def _in_processes(do: Callable[[], None], n: int) -> None:
    children = []
    for _ in range(n):
        child = os.fork()
        if not child:
            do()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


LIMITS = [
    Limit("submissions: a job in the sandbox", _overhead, {"overhead s": 0.5}),
    Limit("submissions: 1,000 jobs claimed by 4 processes", _claims, {"run twice": 0}),
]

if __name__ == "__main__":
    for limit in LIMITS:
        sys.stdout.write(f"{limit.name}: {dict(limit.measure())}\n")

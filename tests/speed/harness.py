"""A benchmark's loop: ours and each peer in turn in one process, with time, memory and agreement.

Not a timed test: nothing here passes or fails. A file of works (`regression.py`, `similarity.py`) holds a list
``WORKS`` of `Work` and, if it has any, a list ``CURVES`` of `Curve`; `run.py` collects both.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

_PAGE = 4096
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "processor": time.process_time}
_STATM, _STAT = Path("/proc/self/statm"), Path("/proc/stat")


@dataclass(frozen=True)
class Peer:
    """A way to do the same work with another library.

    Parameters
    ----------
    run : callable
        Takes what `Work.prepare` returned, does the work, returns what `Work.agreement` compares.
    at_least : float or None
        How many times faster ours is to be; None where no target is set.
    scale : float, default=1
        How many times the work measured is in the full work, where the peer runs on a slice only.
    """

    run: Callable[[Any], Any]
    at_least: float | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class Sliced:
    """What a peer returns that times parts of its work itself, each part scaled to the full work.

    Parameters
    ----------
    answer : object
        What `Work.agreement` compares.
    seconds : float
        Of the full work.
    """

    answer: Any
    seconds: float


@dataclass(frozen=True)
class Work:
    """One row of the table.

    Parameters
    ----------
    name : str
        Said with its sizes.
    prepare : callable
        Makes the data, outside the time taken.
    ours : callable
        Takes the data, returns the answer.
    peers : mapping of str to Peer
        The other libraries.
    agreement : callable
        Takes our answer and a peer's, returns the difference (median ``|difference in r|``).
    repeats : int, default=2
        Rounds; in each, ours and every peer run once, in turn. The fastest counts.
    """

    name: str
    prepare: Callable[[], Any]
    ours: Callable[[Any], Any]
    peers: Mapping[str, Peer]
    agreement: Callable[[Any, Any], float]
    repeats: int = 2


@dataclass(frozen=True)
class Curve:
    """Time of our function as one size grows.

    Parameters
    ----------
    name : str
    sizes : sequence of int
    prepare : callable
        Takes a size, returns the data.
    ours : callable
        Takes the data.
    """

    name: str
    sizes: Sequence[int]
    prepare: Callable[[int], Any]
    ours: Callable[[Any], Any]


@dataclass(frozen=True)
class Taken:
    """What one run took.

    Parameters
    ----------
    seconds : float
    extra_mib : float
        Memory above what was held before.
    elsewhere : float
        Share of the machine's processor time that other processes used meanwhile, in [0, 1].
    """

    seconds: float
    extra_mib: float
    elsewhere: float


@dataclass(frozen=True)
class PeerRow:
    """One peer's side of a row; seconds are scaled to the full work."""

    seconds: float
    extra_mib: float
    ratio: float
    at_least: float | None
    difference: float
    scale: float
    elsewhere: float


@dataclass(frozen=True)
class Row:
    """One work, measured."""

    name: str
    seconds: float
    extra_mib: float
    elsewhere: float
    peers: dict[str, PeerRow] = field(default_factory=dict)


@dataclass(frozen=True)
class CurveRow:
    """One curve, measured: seconds are about size ** exponent (least squares in logarithms)."""

    name: str
    sizes: list[int]
    seconds: list[float]
    exponent: float


def measure(work: Work, clock: str = "wall") -> Row:
    """Run ours and each peer in turn, `work.repeats` rounds; keep the fastest time and the largest memory."""
    data = work.prepare()
    runs = {"ours": work.ours, **{name: peer.run for name, peer in work.peers.items()}}
    taken: dict[str, list[Taken]] = {name: [] for name in runs}
    answers: dict[str, Any] = {}
    for _ in range(work.repeats):
        for name, run in runs.items():
            answers[name], one = timed(lambda run=run: run(data), clock)
            taken[name].append(one)
    best = {name: _best(several) for name, several in taken.items()}
    peers = {
        name: _peer_row(peer, best[name], best["ours"], work.agreement(answers["ours"], answers[name]))
        for name, peer in work.peers.items()
    }
    ours = best["ours"]
    return Row(work.name, ours.seconds, ours.extra_mib, ours.elsewhere, peers)


def measure_curve(curve: Curve, clock: str = "wall") -> CurveRow:
    """Time each size once and fit the exponent."""
    seconds = []
    for size in curve.sizes:
        data = curve.prepare(size)
        seconds.append(timed(lambda data=data: curve.ours(data), clock)[1].seconds)
    exponent = float(np.polyfit(np.log(curve.sizes), np.log(seconds), 1)[0])
    return CurveRow(curve.name, list(curve.sizes), seconds, exponent)


def timed(run: Callable[[], Any], clock: str = "wall") -> tuple[Any, Taken]:
    """Run once; the resident memory is sampled every 2 ms by another thread.

    "processor" counts this process's seconds in all its threads, which others on the machine hardly change.
    """
    now = CLOCKS[clock]
    _give_back_memory()
    before = _resident_mib()
    with _PeakMemory() as peak:
        began, start, others = time.perf_counter(), now(), _others_cpu_seconds()
        answer = run()
        seconds, passed = now() - start, time.perf_counter() - began
        elsewhere = (_others_cpu_seconds() - others) / passed / (os.cpu_count() or 1)
    if isinstance(answer, Sliced):
        answer, seconds = answer.answer, answer.seconds
    return answer, Taken(seconds, max(0.0, peak.mib - before), max(0.0, elsewhere))


def table(rows: Sequence[Row], curves: Sequence[CurveRow]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| work | ours s | MiB | peer | s | MiB | ratio | wanted | difference | others |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for name, peer in row.peers.items():
            wanted = "" if peer.at_least is None else f"{peer.at_least:g}"
            sliced = "" if peer.scale == 1 else f" (a slice x {peer.scale:g})"
            lines.append(
                f"| {row.name} | {_seconds(row)} | {row.extra_mib:.0f} | {name}{sliced} | {_seconds(peer)} "
                f"| {peer.extra_mib:.0f} | {peer.ratio:.1f} | {wanted} | {peer.difference:.1e} "
                f"| {100 * row.elsewhere:.0f}, {100 * peer.elsewhere:.0f} % |"
            )
    for curve in curves:
        points = ", ".join(f"{n}: {s:.2f} s" for n, s in zip(curve.sizes, curve.seconds, strict=True))
        lines.append(f"\n{curve.name}: {points}; exponent {curve.exponent:.2f}")
    return "\n".join(lines)


def _seconds(row: Row | PeerRow) -> str:
    return f"{row.seconds:.2f}" if row.seconds >= 0.1 else f"{row.seconds:.4f}"


def as_json(rows: Sequence[Row], curves: Sequence[CurveRow]) -> dict[str, Any]:
    """The same as plain values."""
    return {"rows": [asdict(row) for row in rows], "curves": [asdict(curve) for curve in curves]}


def _best(several: Sequence[Taken]) -> Taken:
    fastest = min(several, key=lambda one: one.seconds)
    return replace(fastest, extra_mib=max(one.extra_mib for one in several))


def _peer_row(peer: Peer, taken: Taken, ours: Taken, difference: float) -> PeerRow:
    seconds = taken.seconds * peer.scale
    return PeerRow(
        seconds=seconds,
        extra_mib=taken.extra_mib,
        ratio=seconds / ours.seconds,
        at_least=peer.at_least,
        difference=difference,
        scale=peer.scale,
        elsewhere=taken.elsewhere,
    )


def _others_cpu_seconds() -> float:
    """Processor time of all processes but this one since the machine started; 0 where it is not told."""
    if not _STAT.exists():
        return 0.0
    user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(int, _STAT.read_text().split()[1:11])
    busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    own = os.times()
    return busy - own.user - own.system


def _give_back_memory() -> None:
    """What was freed goes back to the system first, or a later run would seem to need less than it does."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def _resident_mib() -> float:
    return int(_STATM.read_text().split()[1]) * _PAGE / 2**20 if _STATM.exists() else float("nan")


class _PeakMemory:
    """Largest resident memory while the block runs."""

    def __enter__(self) -> _PeakMemory:
        self.mib = _resident_mib()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.mib = max(self.mib, _resident_mib())

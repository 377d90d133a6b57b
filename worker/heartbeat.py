"""Telling the queue, while a submission is worked on, that it still is, and how far."""

from __future__ import annotations

import threading
from types import TracebackType

from ..core.errors import StoreError
from ..leaderboard.queue import Lease, LeaseLostError, Queue

__all__ = ["Heartbeat"]

_MOST_LOG = 8192
_MOST_SECONDS_BETWEEN = 5.0


class Heartbeat:
    """A thread that claims on, three times as often as needed, until the block ends.

    Parameters
    ----------
    queue : Queue
    lease : Lease
    seconds : float
        Time that each heartbeat claims.
    """

    def __init__(self, queue: Queue, lease: Lease, seconds: float) -> None:
        self._queue = queue
        self._lease = lease
        self._seconds = seconds
        self._stage = ""
        self._heard = b""
        self._lost: LeaseLostError | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="worker-heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def log(self) -> str:
        """The end of what the candidate printed."""
        return self._heard.decode(errors="replace")

    def on_output(self, piece: bytes) -> None:
        """Keep what a candidate prints, the end of it."""
        self._heard = (self._heard + piece)[-_MOST_LOG:]

    def at(self, stage: str) -> None:
        """Say how far it is.

        Raises
        ------
        LeaseLostError
            If the submission is no longer ours: then it is time to stop.
        """
        self._stage = stage
        if self._lost is not None:
            raise self._lost

    def _go_on(self) -> None:
        while not self._over.wait(min(self._seconds / 3, _MOST_SECONDS_BETWEEN)):
            try:
                self._queue.heartbeat(self._lease, seconds=self._seconds, stage=self._stage, log=self.log)
            except LeaseLostError as error:
                self._lost = error
                return
            except StoreError:
                continue  # a database that is busy now may not be so next time, before the claim runs out

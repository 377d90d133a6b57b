"""The queue of the settings' board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.settings import Settings

if TYPE_CHECKING:
    from ..leaderboard.queue import BundleStore, Queue

__all__ = ["open_queue"]


def open_queue(settings: Settings) -> tuple[Queue, BundleStore]:
    """The board's queue, and the folder of its bundles beside the store."""
    from ..leaderboard.queue import BundleStore, Queue
    from .stored import open_store

    open_store(settings).close()  # makes or migrates the tables
    return Queue(settings.store), BundleStore(settings.data_dir / "bundles")

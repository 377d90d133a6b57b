"""The queue of the settings' board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.settings import Settings

if TYPE_CHECKING:
    from ..leaderboard.queue import BundleStore, Queue

__all__ = ["bundle_store", "open_queue"]


def bundle_store(settings: Settings) -> BundleStore:
    """The folder of the board's bundles, beside the store."""
    from ..leaderboard.queue import BundleStore

    return BundleStore(settings.data_dir / "bundles")


def open_queue(settings: Settings) -> tuple[Queue, BundleStore]:
    """The board's queue, and the folder of its bundles beside the store."""
    from ..leaderboard.queue import Queue
    from .stored import open_store

    open_store(settings).close()  # makes or migrates the tables
    return Queue(settings.store), bundle_store(settings)

"""The queue of the settings' board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.settings import Settings

if TYPE_CHECKING:
    from ..leaderboard.queue import BundleStore, Queue, Quotas

__all__ = ["bundle_store", "open_queue", "quotas_of"]


def bundle_store(settings: Settings) -> BundleStore:
    """The folder of the board's bundles, beside the store."""
    from ..leaderboard.queue import BundleStore

    return BundleStore(settings.data_dir / "bundles")


def quotas_of(settings: Settings) -> Quotas:
    """The most that one owner of tokens may have."""
    from ..leaderboard.queue import Quotas

    return Quotas(
        open=settings.quota_open,
        hourly=settings.quota_hourly,
        names=settings.quota_names,
        bundle_bytes=settings.quota_mb * 2**20,
    )


def open_queue(settings: Settings) -> tuple[Queue, BundleStore]:
    """The board's queue, and the folder of its bundles beside the store."""
    from ..leaderboard.queue import Queue
    from .stored import open_store

    open_store(settings).close()  # makes or migrates the tables
    return Queue(settings.store), bundle_store(settings)

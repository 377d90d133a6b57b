"""Threads for numerical work."""

from __future__ import annotations

from ..core.settings import Settings

__all__ = ["limit_threads"]


def limit_threads(settings: Settings) -> None:
    """Use as many threads for numerical work as the settings say."""
    if settings.threads is not None:
        import torch

        torch.set_num_threads(settings.threads)

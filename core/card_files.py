"""Writing a candidate's card."""

from __future__ import annotations

from pathlib import Path

import yaml

from .cards import CandidateCard
from .files import write_bytes

__all__ = ["write_card"]


def write_card(path: Path, card: CandidateCard) -> None:
    """Write a card, wholly or not at all, without what it says by default."""
    content = card.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    write_bytes(path, text.encode())

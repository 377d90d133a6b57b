"""The study that is shipped: what is known of the ranking where nobody has run a study of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["SHIPPED_NAME", "shipped_report"]

SHIPPED_NAME = "validity.json"
_WHICH = "the study that is shipped with innerscore, since none was run for this board"


def shipped_report() -> dict[str, Any] | None:
    """The report as JSON, or None if none is shipped."""
    path = Path(__file__).parent / SHIPPED_NAME
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_bytes())
    return {**content, "study": _WHICH}

"""Output of the commands: JSON to standard output, progress and errors to standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core.errors import InnerscoreError

__all__ = ["emit_json", "report_error", "say", "write"]


def write(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


def say(text: str) -> None:
    """Write a line to standard error: progress and remarks."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def emit_json(value: Any) -> None:
    """Write a value as JSON to standard output."""
    write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def report_error(error: InnerscoreError, *, as_json: bool) -> None:
    """Write an error for a person, or for a program."""
    if as_json:
        emit_json(
            {
                "error": {
                    "kind": type(error).__name__,
                    "exit_code": error.exit_code,
                    "subject": error.subject,
                    "got": str(error.got),
                    "needed": error.needed,
                    "hint": error.hint,
                }
            }
        )
    say(f"error: {error}")

"""Output of the commands: JSON to standard output, progress and errors to standard error.

Cards, records, submissions and errors hold text of strangers, and a terminal obeys characters of control: they are
written as JSON escapes them, here and in :mod:`.tables`.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core.errors import InnerscoreError

__all__ = ["emit_json", "report_error", "say", "visible", "write"]

# C0 but for tab and newline, DEL and C1; marks that turn the direction of text; separators of lines; surrogates.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text, with characters that a terminal would obey and not show written as ``\\u001b``."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{visible(text)}\n")


def say(text: str) -> None:
    """Write a line to standard error: progress and remarks."""
    sys.stderr.write(f"{visible(text)}\n")
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

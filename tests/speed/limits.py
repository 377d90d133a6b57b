"""Works with a limit instead of a peer: a quantity measured, and what it may be at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Limit", "LimitRow", "as_json", "measure", "table"]


@dataclass(frozen=True)
class Limit:
    """Several quantities measured together.

    Parameters
    ----------
    name : str
    measure : callable
        Gives each quantity's value by its name.
    at_most : mapping of str to float
        Their limits; a quantity without one is only reported.
    """

    name: str
    measure: Callable[[], Mapping[str, float]]
    at_most: Mapping[str, float]


@dataclass(frozen=True)
class LimitRow:
    """One quantity, measured; `at_most` is None where nothing is demanded."""

    name: str
    quantity: str
    value: float
    at_most: float | None

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.at_most is None or self.value <= self.at_most


def measure(limit: Limit) -> list[LimitRow]:
    """Measure once."""
    found = limit.measure()
    return [LimitRow(limit.name, name, value, limit.at_most.get(name)) for name, value in found.items()]


def table(rows: Sequence[LimitRow]) -> str:
    """The rows as a Markdown table; empty without rows."""
    if not rows:
        return ""
    lines = ["", "| work | quantity | measured | at most | holds |", "|---|---|---|---|---|"]
    for row in rows:
        wanted = "" if row.at_most is None else f"{row.at_most:g}"
        held = "" if row.at_most is None else ("yes" if row.holds else "NO")
        lines.append(f"| {row.name} | {row.quantity} | {row.value:.3g} | {wanted} | {held} |")
    return "\n".join(lines)


def as_json(rows: Sequence[LimitRow]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [asdict(row) | {"holds": row.holds} for row in rows]

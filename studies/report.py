"""A study's report as files: a table to read, the same as CSV and JSON, and the pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..core.csv_text import csv_text
from ..core.files import atomic_path
from .findings import Report, Row

__all__ = ["as_json", "write_report"]

_COLUMNS = (
    "finding",
    "what",
    "here",
    "spread",
    "spread is",
    "printed",
    "printed spread",
    "source",
    "comparable",
)


def write_report(report: Report, folder: Path) -> Path:
    """Write table, numbers and pictures; each file wholly or not at all.

    Returns
    -------
    table : pathlib.Path
        The table in Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.md": _markdown(report),
        "report.csv": csv_text(_COLUMNS, [_cells(row) for row in report.rows]),
        "report.json": json.dumps(as_json(report), indent=1, allow_nan=False) + "\n",
        **{f"{name}.svg": str(figure.svg) for name, figure in report.figures.items()},
    }
    for name, content in texts.items():
        with atomic_path(folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return folder / "report.md"


def as_json(report: Report) -> dict[str, Any]:
    """The report's numbers; NaN becomes null."""
    return {
        "study": report.study.identifier,
        "dataset": report.dataset,
        "simulated": report.simulated,
        "not_public": list(report.study.not_public),
        "notes": list(report.notes),
        "rows": [dict(zip(_COLUMNS, _cells(row), strict=True)) for row in report.rows],
        "figures": sorted(f"{name}.svg" for name in report.figures),
    }


def _cells(row: Row) -> tuple[object, ...]:
    finding, printed = row.finding, row.printed
    return (
        finding.key,
        finding.what,
        _finite(finding.value),
        _finite(finding.spread),
        finding.spread_is,
        printed.value if printed else None,
        printed.spread if printed else None,
        printed.source if printed else "",
        row.why,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _markdown(report: Report) -> str:
    study = report.study
    kind = "SIMULATED recording" if report.simulated else "recording"
    lines = [f"# {study.title}, run again", "", f"On {report.dataset}, a {kind}. Cite:", ""]
    lines += ["```bibtex", study.citation.strip(), "```", ""]
    lines += ["What the sources do not say, and what was chosen here:", ""]
    lines += [f"- {choice}" for choice in study.not_public] + [""]
    lines += [f"- Left out: {note}" for note in report.notes] + ([""] if report.notes else [])
    lines += ["| what | here | printed | where | comparable |", "|---|---|---|---|---|"]
    lines += [_line(row) for row in report.rows] + [""]
    lines += [f"![{figure.title}]({name}.svg)\n" for name, figure in report.figures.items()]
    return "\n".join(lines)


def _line(row: Row) -> str:
    printed = "" if row.printed is None else _with_spread(row.printed.value, row.printed.spread)
    source = "" if row.printed is None else row.printed.source
    here = _with_spread(row.finding.value, row.finding.spread)
    return f"| {row.finding.what} | {here} | {printed} | {source} | {row.why} |"


def _with_spread(value: float, spread: float | None) -> str:
    shown = f"{value:.3f}" if math.isfinite(value) else "not defined"
    return f"{shown} ± {spread:.3f}" if spread is not None and math.isfinite(spread) else shown

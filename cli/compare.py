"""``innerscore compare``: candidates side by side, by the board's paired tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption
from .output import emit_json

if TYPE_CHECKING:
    from ..leaderboard.comparison import Line

__all__ = ["compare"]


def compare(
    candidates: Annotated[
        list[str], typer.Argument(help="Names of two candidates or more.", show_default=False)
    ],
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark", "-b", help="Benchmark to compare on; may be repeated; default all that they share."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare candidates on the benchmarks that they share.

    Differences of stored ceiling-normalised scores, paired on shared resamples, with their 95 % intervals; p is
    corrected by Holm over all pairs of the board's column. Of more than five candidates, each benchmark's best is
    compared with the others.
    """
    from ..core.settings import load_settings
    from ..leaderboard.ranking import ALPHA
    from ..workflows.comparing import compare_stored
    from .board_tables import print_comparison

    names = list(dict.fromkeys(candidates))
    lines = compare_stored(names, load_settings(), benchmark or ())
    if json:
        emit_json({"alpha": ALPHA, "comparisons": _as_json(names, lines)})
    else:
        print_comparison(names, lines, ALPHA)


def _as_json(names: Sequence[str], lines: Sequence[Line]) -> list[dict[str, Any]]:
    """One mapping a benchmark and pair."""
    return [
        {
            "benchmark": line.column.benchmark,
            "benchmark_version": line.column.version,
            "data_sha256": line.column.data_sha256,
            "simulated": line.column.simulated,
            "first": pair.first,
            "second": pair.second,
            "first_normalised": line.cells[names.index(pair.first)].value,
            "second_normalised": line.cells[names.index(pair.second)].value,
            "difference": d.value,
            "difference_low": d.low,
            "difference_high": d.high,
            "p_corrected": pair.p_value,
        }
        for line in lines
        for pair in line.pairs
        if (d := pair.difference) is not None
    ]

"""``innerscore compare``: candidates side by side, by the board's paired tests."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import JsonOption, repeated
from .output import emit_json

__all__ = ["compare"]


def compare(
    candidates: Annotated[
        list[str], typer.Argument(help="Names of two candidates or more.", show_default=False)
    ],
    benchmark: Annotated[
        list[str] | None,
        repeated("Benchmark to compare on", "--benchmark", "-b", default="all that they share"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare candidates on the benchmarks that they share.

    Differences of stored ceiling-normalised scores, paired on shared resamples, with their 95 % intervals; p is
    corrected by Holm over all pairs of the board's column. Of more than five candidates, each benchmark's best is
    compared with the others.
    """
    from ..core.settings import load_settings
    from ..leaderboard.comparison import comparison_rows
    from ..leaderboard.ranking import ALPHA
    from ..workflows.comparing import compare_stored
    from .board_tables import print_comparison

    names = list(dict.fromkeys(candidates))
    lines = compare_stored(names, load_settings(), benchmark or ())
    if json:
        emit_json({"alpha": ALPHA, "comparisons": comparison_rows(names, lines)})
    else:
        print_comparison(names, lines, ALPHA)

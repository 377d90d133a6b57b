"""``innerscore demo``: score the built-in candidates on a choice of benchmarks, then write the board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

__all__ = ["demo"]

# Recorded neurons first, as far as anybody can have their files, then simulated ones; one of each kind, so that a
# first look takes minutes. --all takes every benchmark whose data are here.
_CHOICE = (
    "Sargolini2006.MEC-ridge",
    "Sargolini2006.MEC-one-to-one-quadrants",
    "Sohn2019.DMFC-measurement-ridge",
    "Sohn2019.DMFC-production-rsa",
    "Sohn2019.behaviour-bias-H",
    "Cowley2023.V4-one-to-one",
    "Kriegeskorte2008.IT-rsa",
    "SimulatedDMFC.occluded-ridge",
    "SimulatedDMFC.occluded-rsa",
    "SimulatedDMFC.ball-decoding",
    "SimulatedMEC.ridge",
    "SimulatedMEC.one-to-one-quadrants",
    "SimulatedPaths.position-error",
)

# The slowest, and variants that few ask for first.
_LEFT_TO_ALL = (
    "actionable-grid",
    "attractor-grid",
    "conformal-grid",
    "cswm-hiding",
    "fitvid",
    "latent-imagenet-lstm-hiding",
    "latent-imagenet-none",
    "latent-imagenet-none-hiding",
    "latent-random-lstm",
    "latent-random-none",
    "latent-selfsup-lstm-hiding",
    "latent-selfsup-none-hiding",
    "latent-static-ctrnn",
    "latent-static-none",
    "place-remapping",
    "sic-small-narrow",
    "sic-small-no-capacity",
    "sic-small-no-permutation",
    "successor-representation",
    "svg-lp-hiding",
    "task-rnn-mov-gru-20-gabor",
    "task-rnn-mov-lstm-20-gabor",
    "task-rnn-mov-lstm-20-pixel",
    "task-rnn-sim-mov-lstm-20-gabor",
    "task-rnn-sim-mov-lstm-20-pixel",
    "task-rnn-vis-mov-gru-20-gabor",
    "task-rnn-vis-mov-gru-20-pixel",
    "task-rnn-vis-mov-lstm-20-gabor",
    "task-rnn-vis-mov-lstm-20-pixel",
    "task-rnn-vis-sim-mov-gru-20-gabor",
    "task-rnn-vis-sim-mov-gru-20-pixel",
    "task-rnn-vis-sim-mov-lstm-20-gabor",
    "task-rnn-vis-sim-mov-lstm-20-pixel",
)


def demo(
    html: Annotated[Path, typer.Option("--html", help="Folder for the board as a static site.")] = Path(
        "demo"
    ),
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Score every candidate on every benchmark whose data are here, rather than a choice of both.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Score the built-in candidates and write the board.

    The board is printed, and written as a static site. Scores that are stored already are not run again. Benchmarks
    whose data are not available are left out, and candidates whose extra is not installed, with a remark on
    standard error.
    """
    from .. import benchmarks, candidates
    from ..core.errors import MissingExtraError
    from ..core.settings import load_settings
    from ..leaderboard.tables import board_json
    from ..workflows.board_contents import export_shareable
    from ..workflows.stored import open_store
    from ..workflows.sweeping import make_executor, sweep_pairs
    from .board_tables import print_board
    from .progress import shown_progress
    from .tables import result_line

    settings = load_settings()
    names = [name for name in candidates.registry(settings).entries() if every or name not in _LEFT_TO_ALL]
    missing: dict[str, list[str]] = {}
    chosen = list(benchmarks.registry(settings).entries()) if every else list(_CHOICE)
    for some in _recorded_first(chosen):
        # Two processes of one thread do more than one of two: much of the work is too small to be shared out.
        with shown_progress("demo") as report:
            executor = make_executor("local", settings)
            for result in sweep_pairs(names, some, settings, executor, seed=0, report=report):
                if result.record is None:
                    names_missing = missing.setdefault(str(result.error), [])
                    of_candidate = isinstance(result.error, MissingExtraError)
                    names_missing.append(result.candidate if of_candidate else result.benchmark)
                elif not result.reused and result.record.status != "not applicable":
                    say(f"  {result_line(result)}")
    board, page, _ = export_shareable(open_store(settings), settings, html)
    if json:
        left_out = {name: reason for reason, names in missing.items() for name in names}
        emit_json({**board_json(board), "page": str(page.resolve()), "missing": left_out})
        return
    print_board(board)
    for reason, absent in missing.items():
        say(f"left out {', '.join(dict.fromkeys(absent))}: {reason}")
    write(f"the board as a page: {page.resolve()}")


def _recorded_first(benchmarks: Sequence[str]) -> list[list[str]]:
    """The benchmarks on recordings, then those on simulated ones, which are scored when the first are done."""
    parts = (
        [name for name in benchmarks if name.startswith("Simulated") == simulated]
        for simulated in (False, True)
    )
    return [part for part in parts if part]

"""``innerscore board update``: score the proposals to a board that is a folder, and write it anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    JsonOption,
    MemoryOption,
    ScoreMemoryOption,
    ScoreSecondsOption,
    TasksOption,
    WallSecondsOption,
    repeated,
)
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..leaderboard.queue import Submission
    from ..workflows.proposals import BoardUpdate, Verdict

__all__ = ["update"]


def update(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the board, an export; it is made if it does not exist.")
    ],
    proposals: Annotated[
        Path | None,
        typer.Argument(help="Folder with a candidate's folder for each proposal; default no proposals."),
    ] = None,
    benchmark: Annotated[
        list[str] | None, repeated("Benchmark of the board", "--benchmark", "-b", default="all")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Check the proposals that are not on the board, and change nothing."),
    ] = False,
    sources: Annotated[
        list[str] | None,
        repeated(
            "Board to take in first: an export, or path or URL of a store", "--import", metavar="SOURCE"
        ),
    ] = None,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="Write the pages anew even if no record was added.")
    ] = False,
    wall_seconds: WallSecondsOption = 3600.0,
    memory_mb: MemoryOption = 8192,
    tasks: TasksOption = 512,
    score_seconds: ScoreSecondsOption = 3600.0,
    score_memory_mb: ScoreMemoryOption = 16384,
    json: JsonOption = False,
) -> None:
    """Score the proposals to a board that is a folder.

    The folder is an export and all that is kept. Its records are verified first, and stay byte for byte; the
    proposals are scored in the sandbox, and the folder is written anew. A proposal that is refused or fails adds
    nothing, and one that is on the board already changes nothing. Exit code 4 if a proposal was refused or failed;
    the others are on the board then.
    """
    from ..core.errors import CandidateError
    from ..core.settings import load_settings
    from ..scoring.sandbox import SandboxLimits
    from ..worker import ScoringLimits
    from ..workflows.proposals import check_proposals, update_board

    settings, names = load_settings(), benchmark or []
    limits = SandboxLimits(wall_seconds=wall_seconds, memory_mb=memory_mb, tasks=tasks)
    if check:
        if proposals is None or sources or rewrite:
            raise typer.BadParameter("--check needs the folder of proposals, and changes nothing.")
        verdicts = check_proposals(folder, proposals, names, settings, limits)
        _report(verdicts, None, folder, as_json=json)
    else:
        done = update_board(
            folder,
            proposals,
            names,
            settings,
            sources=sources or [],
            rewrite=rewrite,
            limits=limits,
            scoring=ScoringLimits(score_memory_mb, score_seconds),
            tell=_tell,
        )
        verdicts = list(done.verdicts)
        _report(verdicts, done, folder, as_json=json)
    if any(one.failed for one in verdicts):
        raise typer.Exit(CandidateError.exit_code)


def _tell(submission: Submission) -> None:
    say(f"{submission.candidate} is {submission.state} {submission.reason_code}".rstrip())


def _report(verdicts: list[Verdict], done: BoardUpdate | None, folder: Path, *, as_json: bool) -> None:
    from ..core.words import number_of
    from .tables import result_text

    if as_json:
        content = {"proposals": [one.to_json() for one in verdicts]}
        emit_json(content if done is None else content | {"added": done.added, "written": done.written})
        return
    for one in verdicts:
        # A line each, which begins with a word of ours: where a forge reads the output, lines can be commands.
        reason = "" if one.failed is None else f" ({one.failed.code}): {one.failed.reason} {one.failed.hint}"
        write(" ".join(f"- proposal {one.proposal}: {one.state}{reason}".split()))
        for result in one.results:
            write(f"  - {result_text(result.to_json())}")
    if done is not None:
        now = f"written to {folder / 'index.html'}" if done.written else f"unchanged in {folder}"
        write(f"the board has {number_of(done.added, 'new record')} and is {now}")

"""Putting the commands together, and turning errors into messages and exit codes."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from . import (
    board,
    check,
    compare,
    data,
    demo,
    export_stimuli,
    info,
    init,
    listing,
    recovery,
    reproduce,
    score,
    store,
    submission,
    submit,
    train,
    worker,
)
from .output import report_error, say
from .renamed import CurrentNames

__all__ = ["app", "main"]

app = typer.Typer(
    cls=CurrentNames,
    name="innerscore",
    help="Score models of the brain's inner simulations against recordings and behaviour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _common(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
) -> None:
    """Score models of the brain's inner simulations against recordings and behaviour."""


app.command("demo")(demo.demo)
app.command("list")(listing.list_names)
app.command("info")(info.info)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("score")(score.score)
app.command("export-stimuli")(export_stimuli.export_stimuli)
app.command("submit")(submit.submit)
app.add_typer(submission.app, name="submission")
app.command("worker")(worker.worker)
app.add_typer(board.app, name="board")
app.command("compare")(compare.compare)
app.add_typer(store.app, name="store")
app.add_typer(data.app, name="data")
app.command("train")(train.train)
app.command("reproduce")(reproduce.reproduce)
app.command("recovery")(recovery.recovery)


def main() -> None:
    """Run the command line; errors of innerscore become a message and their exit code."""
    from ..core.errors import InnerscoreError

    try:
        app()
    except InnerscoreError as error:
        if "--debug" in sys.argv[1:]:
            say(traceback.format_exc())
        report_error(error, as_json="--json" in sys.argv[1:])
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was finished is kept, run the same command to go on\n")
        sys.exit(130)
    except Exception:  # a fault of ours; its text may be a stranger's
        say(traceback.format_exc())
        sys.exit(1)

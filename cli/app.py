"""Putting the commands together, and turning errors into messages and exit codes."""

from __future__ import annotations

import sys

import typer

from . import (
    board,
    check,
    data,
    demo,
    export,
    import_,
    info,
    init,
    listing,
    reproduce,
    score,
    serve,
    status,
    stimuli,
    store,
    submit,
    token,
    train,
    validate,
    verify,
    worker,
)
from .output import report_error

__all__ = ["app", "main"]

app = typer.Typer(
    name="innerscore",
    help="Score models of the brain's inner simulations against recordings and behaviour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("list")(listing.list_names)
app.command("info")(info.info)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("score")(score.score)
app.command("stimuli")(stimuli.stimuli)
app.command("submit")(submit.submit)
app.command("status")(status.status)
app.command("worker")(worker.worker)
app.command("reproduce")(reproduce.reproduce)
app.command("board")(board.board)
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.command("import")(import_.import_boards)
app.command("train")(train.train)
app.command("validate")(validate.validate)
app.command("verify")(verify.verify)
app.add_typer(data.app, name="data")
app.add_typer(store.app, name="store")
app.add_typer(token.app, name="token")


def main() -> None:
    """Run the command line; errors of innerscore become a message and their exit code."""
    from ..core.errors import InnerscoreError

    try:
        app()
    except InnerscoreError as error:
        report_error(error, as_json="--json" in sys.argv[1:])
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was finished is kept, run the same command to go on\n")
        sys.exit(130)

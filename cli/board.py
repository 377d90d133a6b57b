"""``innerscore board``: show the leaderboard, export, import, update and serve it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from . import board_token, board_update
from .options import JsonOption, repeated
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..leaderboard.hiding import Hiding
    from ..leaderboard.store import Store

__all__ = ["app"]


class _ShownByDefault(TyperGroup):
    """A group that shows the board where no command is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # a Context of click, which typer hides
        """Put ``show`` in front of options that are not the group's own."""
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else ["show", *args])


app = typer.Typer(
    cls=_ShownByDefault,
    help="Show, export, import, update and serve the leaderboard.\n\nWithout a command it shows the board.",
    short_help="Show, export, import, update and serve the leaderboard.",
)
app.add_typer(board_token.app, name="token")

RecordArgument = Annotated[
    str,
    typer.Argument(
        help="Hash of the record: the name of its file, and 'record_sha256' in every table.",
        show_default=False,
    ),
]
HighlightOption = Annotated[
    list[str] | None,
    repeated("Candidate that the pages mark as your own", "--highlight", metavar="CANDIDATE"),
]

DayOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        help="Day, as 2026-11-30, at whose end (UTC) the board is taken, of records made until then.",
    ),
]


@app.command()
def show(
    system: Annotated[
        str | None,
        typer.Option(
            "--system", help="System to show, by a part of its name or region, as 'ready-set-go' or 'MEC'."
        ),
    ] = None,
    benchmark: Annotated[
        list[str] | None,
        repeated("Benchmark to show in full: intervals, ties, chart", "--benchmark", "-b"),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option("--suite", help="Suite to show, by name: its benchmarks alone, with one win rate."),
    ] = None,
    as_of: DayOption = None,
    json: JsonOption = False,
) -> None:
    """Print the board, within the width of the terminal.

    There is a table a data set. Each cell is a ceiling-normalised score with the ranks that the tests leave open,
    or says why there is no score.
    """
    from .. import benchmarks
    from ..core.settings import load_settings
    from ..leaderboard.choosing import columns_named, systems_named
    from ..leaderboard.store import Store
    from ..leaderboard.tables import board_json
    from ..workflows.stored import stored_board, stored_suite
    from .board_tables import print_benchmark, print_board

    settings = load_settings()
    store = _as_of(Store(settings.store), as_of)
    arranged = stored_board(store, settings) if suite is None else stored_suite(store, suite, settings)
    if system is not None:
        arranged = replace(arranged, sections=systems_named(arranged, system))
    columns = columns_named(arranged, benchmark or (), benchmarks.registry(settings).entries())
    if json:
        emit_json(board_json(arranged, benchmark or None))
    elif benchmark:
        for section, column in columns:
            print_benchmark(section, column)
    else:
        print_board(arranged)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it is made if it does not exist.")],
    highlight: HighlightOption = None,
    as_of: DayOption = None,
    json: JsonOption = False,
) -> None:
    """Write the board as files that need no server.

    The folder has the site, the tables, every record with its files, a store, and the hashes of all of them. An
    earlier export in the folder is replaced as a whole, or stays as it is. Private data sets, those without a card
    here, and everything that was computed from them, are left out, and so are hidden records.
    """
    from ..core.settings import load_settings
    from ..core.words import number_of
    from ..workflows.board_contents import export_shareable
    from ..workflows.stored import open_store

    settings = load_settings()
    store = _as_of(open_store(settings), as_of)
    n_hidden = len(store.hidden())
    _, page, withheld = export_shareable(store, settings, folder, highlight or ())
    if json:
        emit_json({"page": str(page), "withheld": sorted(withheld), "hidden": n_hidden})
        return
    write(f"wrote {page}")
    if withheld:
        write(f"left out, as no card at hand allows it: {', '.join(sorted(withheld))}")
    if n_hidden:
        records = number_of(n_hidden, "record")
        write(f"left out, as hidden: {records} ('innerscore board hidden' lists what is hidden)")


def _as_of(store: Store, day: str | None) -> Store:
    """The store, or as it was at the end of a day."""
    from ..core.days import read_day

    return store if day is None else store.as_of(read_day(day))


@app.command()
def hide(
    record: RecordArgument,
    reason: Annotated[str, typer.Option("--reason", help="Reason in words; the pages show it.")],
    json: JsonOption = False,
) -> None:
    """Hide a record: it is kept and verified, and not shown.

    The board is made as if the record were not there: pages, ranks, win rates, tables, exports. Its own address
    says that it is hidden, and why. A served board needs no restart.
    """
    from ..core.settings import load_settings
    from ..workflows.stored import open_store

    _report_hiding(open_store(load_settings()).hide(record, reason), as_json=json)


@app.command()
def unhide(
    record: RecordArgument,
    reason: Annotated[str, typer.Option("--reason", help="Reason in words, which is kept.")],
    json: JsonOption = False,
) -> None:
    """Show a hidden record again.

    That it was hidden, and why, stays in the store.
    """
    from ..core.settings import load_settings
    from ..workflows.stored import open_store

    _report_hiding(open_store(load_settings()).unhide(record, reason), as_json=json)


@app.command()
def hidden(
    every: Annotated[
        bool, typer.Option("--all", help="List also what was hidden and is shown again.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the hidden records with the reasons."""
    from ..core.settings import load_settings
    from ..workflows.stored import open_store
    from .tables import print_table

    store = open_store(load_settings())
    found = store.hidings() if every else store.hidden()
    if json:
        emit_json({"hidden": [one.model_dump() for one in found]})
        return
    rows: list[tuple[str, ...]] = [
        (one.record_sha256, "hidden" if one.hidden else "shown", one.created, one.reason) for one in found
    ]
    print_table(rows, ("record", "state", "since", "reason"))


def _report_hiding(made: Hiding, *, as_json: bool) -> None:
    if as_json:
        emit_json(made.model_dump())
    else:
        write(f"the record {made.record_sha256} is {'hidden' if made.hidden else 'shown'}")


@app.command("import")
def import_boards(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders of exports, or paths or URLs of stores; each is imported wholly or not at all."
        ),
    ],
    json: JsonOption = False,
) -> None:
    """Add the records of other boards to this one.

    Records and their files come byte for byte. Each source is checked as a whole first. Records that are here
    already are passed over; a run that was done on both boards is kept twice.
    """
    from ..core.settings import load_settings
    from ..core.words import number_of
    from ..leaderboard.importing import import_board
    from ..workflows.stored import open_store

    store = open_store(load_settings())
    results = []
    for source in sources:
        done = import_board(store, source)
        results.append({"source": source, "added": done.added, "known": done.known})
        if not json:
            write(f"{source}: {number_of(done.added, 'record')} added, {done.known} here already")
    if json:
        emit_json({"imported": results})


app.command("update")(board_update.update)


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    name: Annotated[
        list[str] | None,
        repeated(
            "Host name that requests may carry besides localhost and the address", "--name", metavar="HOST"
        ),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        repeated("Address of a proxy whose X-Forwarded-For names the readers", "--proxy", metavar="ADDRESS"),
    ] = None,
    highlight: HighlightOption = None,
) -> None:
    """Serve the board as a web site with a JSON interface.

    Reads are open, writes need a token. Log lines are JSON on standard error. SIGTERM and Ctrl-C finish the
    requests that have begun, then exit with 0.
    """
    from ..core.settings import load_settings
    from ..leaderboard.server import (
        ConnectionLimits,
        TokenFile,
        address_of,
        create_app,
        hosts_of,
        listen,
        log_to_stderr,
        run_server,
    )

    settings = load_settings()
    taken = listen(host, port)
    from ..workflows.board_contents import board_contents  # slow; a port that is taken is said before
    from ..workflows.board_queue import bundle_store, quotas_of
    from ..workflows.stored import open_store

    service = create_app(
        open_store(settings),
        board_contents(settings, highlight or ()),
        TokenFile(board_token.tokens_path(settings)),
        bundle_store(settings),
        quotas=quotas_of(settings),
        hosts=hosts_of(host, name or ()),
        logger=log_to_stderr(),
    )
    say(f"the board is at {address_of(taken)}")
    run_server(service, taken, ConnectionLimits(proxies=frozenset(proxy or ())))

"""``innerscore submit``: submit a candidate to a board, to be scored by its workers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .options import BenchmarksOption, JsonOption, TokenOption, UrlOption
from .output import emit_json, write

__all__ = ["submit"]


def submit(
    candidate: Annotated[
        str,
        typer.Argument(
            help="Folder with a candidate.yaml, a bundle (.zip), or a network of another library."
        ),
    ],
    benchmark: BenchmarksOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonOption = False,
) -> None:
    """Submit a candidate to a board.

    Its bundle is checked, kept, and queued for the workers of the board. The answer is a receipt: the submission's
    identifier and the hash of the submitted files. The same bundle on the same benchmarks is one submission,
    however often it is sent. Exit code 3 if the bundle is refused.
    """
    from ..candidates.hub.folder import resolved
    from ..core.settings import load_settings

    data = _bundle_of(Path(resolved(candidate, load_settings())))
    receipt = _kept(data, benchmark or []) if url is None else _sent(url, data, benchmark or [], token)
    if json:
        emit_json({**receipt, "n_bytes": len(data)})
        return
    identifier = receipt["identifier"]
    where = "" if url is None else f" --url {url}"
    write(f"{identifier}: {receipt['state']}")
    write(f"{receipt['candidate']}, {len(data)} bytes, content SHA-256 {receipt['content_sha256']}")
    write(f"next: 'innerscore submission show {identifier}{where}'")


def _kept(data: bytes, benchmarks: list[str]) -> dict[str, Any]:
    """Into the board of the settings."""
    from .. import benchmarks as room
    from .. import candidates
    from ..core.settings import load_settings
    from ..leaderboard.queue import receive
    from ..workflows.board_queue import open_queue

    settings = load_settings()
    receipt = receive(
        data,
        benchmarks,
        *open_queue(settings),
        known=room.registry(settings).entries(),
        reserved=candidates.registry(settings).entries(),
    )
    return receipt.to_json()


def _sent(url: str, data: bytes, benchmarks: list[str], token: str | None) -> dict[str, Any]:
    """To a board that is served; checked here first, where its author sees what is wrong."""
    from ..core.bundles import read_bundle
    from ..workflows.remote_board import send_bundle

    read_bundle(data)
    return send_bundle(url, data, benchmarks, token)


def _bundle_of(candidate: Path) -> bytes:
    """A folder packed, or a zip as it is."""
    from ..core.bundles import pack_folder
    from ..core.errors import InvalidInputError

    try:
        return pack_folder(candidate) if candidate.is_dir() else candidate.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"The bundle {candidate}", got=error.strerror or str(error), needed="a folder or a zip"
        ) from error

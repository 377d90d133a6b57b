"""``innerscore submit``: hand a candidate in to a board, to be scored by its workers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["submit"]


def submit(
    candidate: Annotated[Path, typer.Argument(help="Folder with a candidate.yaml, or a bundle (.zip).")],
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark", "-b", help="Benchmark by name, repeatable; all of them if none is given."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check a candidate's bundle, keep it, and queue it for the workers of this board.

    The answer is a receipt: the submission's identifier and the hash of what was submitted. The same bundle on the
    same benchmarks is one submission, however often it is sent. Exit code 3 if the bundle is refused.
    """
    from .. import benchmarks as room
    from ..core.bundles import pack_folder, read_bundle
    from ..core.errors import InvalidInputError
    from ..core.settings import load_settings
    from .submissions import open_queue

    settings = load_settings()
    known = room.registry(settings)
    names = list(benchmark or known.entries())
    for name in names:
        known.find(name)
    try:
        data = pack_folder(candidate) if candidate.is_dir() else candidate.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"The bundle {candidate}", got=error.strerror or str(error), needed="a folder or a zip"
        ) from error
    bundle = read_bundle(data, subject=f"The bundle {candidate}")
    queue, bundles = open_queue(settings)
    bundles.keep(bundle, data)
    receipt = queue.submit(bundle, names)
    if json:
        emit_json({**receipt.to_json(), "n_bytes": len(data), "files": sorted(bundle.files)})
        return
    write(f"{receipt.identifier}: {receipt.state}")
    write(f"{receipt.candidate}, {len(bundle.files)} files, content SHA-256 {receipt.content_sha256}")
    write(f"next: 'innerscore status {receipt.identifier}'; 'innerscore worker --drain' works on it")

"""``innerscore info``: show the card of a candidate, benchmark, metric or data set; draw its rate maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

if TYPE_CHECKING:
    from ..core.settings import Settings

__all__ = ["info"]


def info(
    name: Annotated[str, typer.Argument(help="Name of a candidate, benchmark, metric or data set.")],
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery", help="SVG file to write with rate maps and autocorrelograms, best grid cells first."
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Layer of the candidate to draw; default its first.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the card of a name.

    For a data set over space, or a candidate driven by self-motion, --gallery draws rate maps.
    """
    import yaml

    from ..core.settings import load_settings
    from ..workflows.registries import find_anything

    settings = load_settings()
    kind, registered = find_anything(name, settings)
    if gallery is not None:
        _write_gallery(kind, name, layer, gallery, settings)
    content = registered.card.model_dump(mode="json")
    if json:
        emit_json({"kind": kind, "card_file": str(registered.path), "card": content})
        return
    write(f"# {kind}, card {registered.path}")
    write(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100).rstrip())


def _write_gallery(kind: str, name: str, layer: str | None, path: Path, settings: Settings) -> None:
    from ..core.errors import InvalidArgumentError
    from ..core.files import atomic_path
    from ..studies.galleries import candidate_maps, dataset_maps
    from ..studies.galleries import gallery as drawn

    if kind not in ("candidate", "dataset"):
        raise InvalidArgumentError(
            "The option --gallery", got=f"a {kind}", needed="with a candidate or a data set"
        )
    maps = dataset_maps(name, settings) if kind == "dataset" else candidate_maps(name, settings, layer=layer)
    with atomic_path(path) as temporary:
        temporary.write_text(str(drawn(maps, f"Rate maps of {name}").svg), encoding="utf-8")

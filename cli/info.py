"""``innerscore info``: the card of a candidate, benchmark, metric or data set."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["info"]


def info(
    name: Annotated[str, typer.Argument(help="Name of a candidate, benchmark, metric or data set.")],
    json: JsonOption = False,
) -> None:
    """Show what a name stands for: its card."""
    import yaml

    from ..core.settings import load_settings
    from .registries import find_anything

    kind, registered = find_anything(name, load_settings())
    content = registered.card.model_dump(mode="json")
    if json:
        emit_json({"kind": kind, "card_file": str(registered.path), "card": content})
        return
    write(f"# {kind}, card {registered.path}")
    write(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100).rstrip())

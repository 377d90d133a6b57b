"""The files of a new folder, from templates in this module's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Literal, TypeAlias

__all__ = ["DECLARED", "Kind", "scaffold_files"]

Kind: TypeAlias = Literal[
    "candidate", "torch", "video", "dataset", "images", "walks", "events", "benchmark", "board"
]

#: Data sets that are declared on a card alone.
DECLARED = ("images", "walks", "events")

_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".tmpl"  # so that no tool takes a template for code or a card


def scaffold_files(kind: Kind, facts: Mapping[str, str]) -> dict[str, str]:
    """The texts of a new folder, by path within it.

    Parameters
    ----------
    kind : {"candidate", "torch", "video", "dataset", "images", "walks", "events", "benchmark", "board"}
        Kind of the new folder.
    facts : mapping of str to str
        Values for the kind's templates, ``name`` among them.
    """
    folders = [_TEMPLATES / kind, *([_TEMPLATES / "declared"] if kind in DECLARED else [])]
    named = {
        path.relative_to(folder).as_posix().removesuffix(_SUFFIX): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted(folder.rglob(f"*{_SUFFIX}"))
    }
    texts = {name: Template(text).substitute(facts) for name, text in named.items()}
    if kind == "benchmark":
        texts[f"{facts['name']}.benchmark.yaml"] = texts.pop("benchmark.yaml")
    return texts

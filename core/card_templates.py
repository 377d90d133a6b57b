"""Templates of benchmark cards: what many of them say is written once, and references are in one bibliography.

A card with ``extends: [simulated-mec, mec-ridge]``, a recording and what is measured on it, has the keys of these
templates and its own; of a key that stands in several, the card's own counts, then that of the template named last.
A citation that is a list names entries of ``references.bib``. A template is ``<name>.template.yaml`` in the folder
``templates`` beside the card, or one of innerscore's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import InvalidCardError, did_you_mean
from .safe_yaml import read_mapping

__all__ = ["expanded"]

_OWN = Path(__file__).resolve().parents[1] / "benchmarks" / "templates"
_ENDING = ".template.yaml"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),.*?(?=^@|\Z)", re.M | re.S)


def expanded(content: Mapping[str, Any], path: Path, *, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """The keys of a card with those of the templates that it extends, and its references in full.

    Parameters
    ----------
    content : mapping
        The card as it is written.
    path : pathlib.Path
        The card's file; templates and references are looked for beside it first.
    above : tuple of str
        Templates that are being expanded.

    Raises
    ------
    InvalidCardError
        If a template or a reference is unknown, or a template extends itself.
    """
    whole: dict[str, Any] = {}
    for name in _names(content.get("extends", []), path):
        if name in above:
            raise _wrong(path, f"'extends: {name}' within itself", "a template that does not extend itself")
        template = _template(name, path)
        its_content = read_mapping(template.read_bytes(), f"The template {template}")
        whole |= expanded(its_content, template, above=(*above, name))
    whole |= {key: value for key, value in content.items() if key != "extends"}
    if isinstance(whole.get("citation"), list):
        whole["citation"] = "".join(_reference(key, path) for key in whole["citation"])
    return whole


def _names(extends: object, path: Path) -> Sequence[str]:
    names = [extends] if isinstance(extends, str) else extends
    if isinstance(names, list) and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        return names
    raise _wrong(path, f"'extends: {extends}'", "the name of a template, or a list of names")


def _reference(key: object, path: Path) -> str:
    known = {
        found[1]: found[0].rstrip() + "\n"
        for folder in reversed(_folders(path))
        for found in _ENTRY.finditer(_text(folder / "references.bib"))
    }
    if not isinstance(key, str) or key not in known:
        raise _wrong(path, f"the reference '{key}'", f"one of {', '.join(sorted(known))}")
    return known[key]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _template(name: str, path: Path) -> Path:
    """The file of a template: the first in the order of the folders."""
    folders = _folders(path)
    for folder in folders:
        if (file := folder / f"{name}{_ENDING}").is_file():
            return file
    known = sorted(
        {file.name.removesuffix(_ENDING) for folder in folders for file in folder.glob(f"*{_ENDING}")}
    )
    raise _wrong(path, f"the template '{name}'", f"one of {', '.join(known)}", hint=did_you_mean(name, known))


def _folders(path: Path) -> tuple[Path, ...]:
    """Where templates lie: beside a card, where a template itself may lie, and innerscore's own."""
    return path.parent / "templates", path.parent, _OWN


def _wrong(path: Path, got: str, needed: str, *, hint: str = "") -> InvalidCardError:
    return InvalidCardError(f"What the card {path} refers to", got=got, needed=needed, hint=hint)

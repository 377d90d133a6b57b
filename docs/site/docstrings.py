"""Docstrings as Markdown: formulas become MathML, which browsers draw by themselves, and roles become code."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import griffe
from latex2mathml.converter import convert

__all__ = ["Readable", "readable"]

_BLOCK = re.compile(
    r"^(?P<indent> *)\.\. math:: *(?P<first>.*)\n(?P<rest>(?:(?P=indent) +.*\n?|\s*\n(?=(?P=indent) ))*)",
    re.M,
)
_INLINE = re.compile(r":math:`([^`]+)`")
_ROLE = re.compile(r":(?:func|class|mod|meth|data|attr|exc|obj):`[~.]*([^`]+)`")


class Readable(griffe.Extension):
    """Makes each docstring readable before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = readable(obj.docstring.value)


def readable(text: str) -> str:
    """A docstring whose formulas and references are no reStructuredText any more."""
    text = _BLOCK.sub(_displayed, text)
    text = _INLINE.sub(lambda found: _formula(found[1], "inline"), text)
    return _ROLE.sub(lambda found: f"`{found[1].removeprefix('innerscore.')}`", text)


def _displayed(found: re.Match[str]) -> str:
    formula = " ".join([found["first"].strip(), *textwrap.dedent(found["rest"]).split("\n")])
    return f"{found['indent']}<div>{_formula(formula, 'block')}</div>\n\n"


def _formula(latex: str, display: str) -> str:
    """MathML in one line, with nothing in it that Markdown would take for its own."""
    flat = " ".join(latex.split())
    return convert(flat, display=display).replace("*", "&#42;").replace("_", "&#95;").replace("\n", "")

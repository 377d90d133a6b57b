"""Templates: one environment, everything escaped, an undefined name is an error."""

from __future__ import annotations

import importlib.metadata
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from . import bars, glossary, text
from .content import PageContent
from .names import JOINT, slug

__all__ = ["STATIC", "render"]

STATIC = Path(__file__).parent.parent / "static"
_TEMPLATES = Path(__file__).parent.parent / "templates"


def render(content: PageContent, path: str, *, live: bool) -> bytes:
    """A page's HTML.

    Parameters
    ----------
    content : PageContent
    path : str
        Path of the page from the site's root; links in it are relative to that.
    live : bool
        Whether a server answers; then there are views, uploads and an interface for programs.
    """
    root = "../" * path.count("/")
    template = _environment().get_template(content.template)
    html = template.render(
        title=content.title,
        root=root,
        page=path,
        live=live,
        figures=_figures(content, path, root),
        **content.values,
    )
    return html.encode("utf-8", "replace")


def _figures(content: PageContent, path: str, root: str) -> dict[str, dict[str, Any]]:
    folder = f"{root}figures/{path.removesuffix('.html')}"
    return {
        key: {"figure": figure, "svg": figure.svg, "address": f"{folder}/{key}"}
        for key, figure in content.figures.items()
    }


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "animal": text.animal,
        "breakable": _breakable,
        "number": text.number,
        "p_value": text.p_value,
        "interval": text.interval,
        "date": text.date,
        "duration": text.duration,
        "difference_bar": bars.difference_bar,
        "share_bar": bars.share_bar,
        "short_hash": text.short_hash,
        "slug": slug,
        "link": _safe_link,
    }
    environment.globals |= {
        "rank": text.rank,
        "term": glossary.term,
        "joint": JOINT,
        "version": importlib.metadata.version("innerscore"),
    }
    return environment


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line after a full stop or a hyphen, and is copied as it is."""
    return escape(name).replace(".", Markup(".<wbr>")).replace("-", Markup("-<wbr>"))


def _safe_link(address: str | None) -> Markup:
    """A link to a web address; anything that is none stays text."""
    if not address or not address.startswith(("https://", "http://")):
        return Markup("{}").format(address or "")
    return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(address)

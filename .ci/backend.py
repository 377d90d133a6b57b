"""The build backend: setuptools', with a README whose links lead to the repository.

Links of README.md are relative, for whoever reads it in a checkout or on the forge; a registry of packages shows
the same text and has no such files. So ``build/README.md``, which pyproject.toml names as the package's readme, is
written with whole addresses: those of ``Repository`` in its ``project.urls``, at the tag of the version.
"""

import re
import tomllib
from pathlib import Path

from setuptools.build_meta import *  # noqa: F403

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#)([^)\s]+)\)")


def with_whole_addresses(text: str, repository: str, tag: str) -> str:
    """The text, with every relative link and picture at its address in the repository."""

    def whole(link: re.Match[str]) -> str:
        mark, words, path = link.groups()
        return f"{mark}[{words}]({repository}/{'raw' if mark else 'blob'}/{tag}/{path})"

    return _LINK.sub(whole, text)


def _write_readme(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (root / "README.md").read_text(encoding="utf-8")
    (root / "build").mkdir(exist_ok=True)
    text = with_whole_addresses(text, project["urls"]["Repository"], f"v{project['version']}")
    (root / "build" / "README.md").write_text(text, encoding="utf-8")


# At import, which is once a build and before any hook: each of them reads pyproject.toml, and with it the readme.
_write_readme(Path.cwd())

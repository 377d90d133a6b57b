"""Which code made a number: the meaning of the modules that it uses, and of no others.

A comment, a docstring or a module that a run does not import changes no identity; a constant in one that it imports
does. Imports are followed as they are written, those inside functions, too. What is imported by a name that is
computed when the code runs is not seen: name such a module as an entry.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from .entries import FOLDER_PACKAGE
from .errors import InvalidDataError
from .hashing import canonical_json, sha256_of_bytes
from .syntax import Import, ModuleSyntax, read_syntax

__all__ = ["PACKAGE_ROOT", "code_sha256", "entry_of", "modules_used"]

PACKAGE_ROOT = Path(__file__).resolve().parent.parent

_PACKAGE = __name__.partition(".")[0]
_DOMAIN = "innerscore-code-by-meaning-1"  # to be raised whenever the same code is to get another hash


def code_sha256(entries: Iterable[str], *, packages: Mapping[str, Path] | None = None) -> str:
    """SHA-256 of code by meaning.

    Parameters
    ----------
    entries : iterable of str
        ``module`` or ``module:attribute``: where the code begins.
    packages : mapping of str to pathlib.Path, optional
        As for :func:`modules_used`.

    Returns
    -------
    sha256 : str
        Over the entries, and over the syntax trees of the modules that they use (:func:`modules_used`).

    Raises
    ------
    InvalidDataError
        If a module in use is no Python.
    """
    names = sorted(set(entries))
    used = modules_used(names, packages=packages)
    content = sorted([_portable(name), _portable(value)] for name, value in used.items())
    return sha256_of_bytes(canonical_json([_DOMAIN, sorted(map(_portable, names)), content]))


def entry_of(made: type) -> str:
    """``module:attribute`` of a class."""
    return f"{made.__module__}:{made.__qualname__}"


def modules_used(entries: Iterable[str], *, packages: Mapping[str, Path] | None = None) -> dict[str, str]:
    """All modules that some code imports, with those imported through these.

    A package's ``__init__`` counts with all that it imports, unless it does nothing but import names for others:
    then a name is followed to where it comes from, and that it comes from there counts.

    Parameters
    ----------
    entries : iterable of str
        ``module`` or ``module:attribute``: where the code begins.
    packages : mapping of str to pathlib.Path, optional
        Folders, or single files, of the packages whose modules count. By default this package and those of the
        entries, which then have to be imported.

    Returns
    -------
    modules : dict of str to str
        By dotted name, the SHA-256 of the module's meaning; by ``package:name``, where the name comes from. A
        module without a Python source is left out.

    Raises
    ------
    InvalidDataError
        If a module in use is no Python.
    """
    known = list(dict.fromkeys(entries))
    return _Closure(_packages_of(known) if packages is None else packages).of(known)


def _packages_of(entries: Iterable[str]) -> dict[str, Path]:
    names = {re.split(r"[.:]", entry)[0] for entry in entries} - {_PACKAGE}
    found = {name: place for name in sorted(names) for place in _places(name)}
    return {_PACKAGE: PACKAGE_ROOT, **found}


def _places(package: str) -> Iterator[Path]:
    """Where an imported package lies: its folder, or the file if it is a single module."""
    module = sys.modules.get(package)
    folders = [*getattr(module, "__path__", ())][:1]
    yield from map(Path, filter(None, folders or [getattr(module, "__file__", None)]))


def _portable(name: str) -> str:
    """A name that does not depend on where the folder lies that a file was imported from."""
    return re.sub(rf"^{FOLDER_PACKAGE}[0-9a-f]+", FOLDER_PACKAGE, name)


@dataclass
class _Closure:
    """Modules as they are found.

    Parameters
    ----------
    packages : mapping of str to pathlib.Path
        Where packages lie whose modules count.
    """

    packages: Mapping[str, Path]
    _found: dict[str, str] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _taken: set[tuple[str, str]] = field(default_factory=set)
    _files: dict[str, Path | None] = field(default_factory=dict)
    _read: dict[str, ModuleSyntax | None] = field(default_factory=dict)
    _waiting: list[tuple[str, ModuleSyntax]] = field(default_factory=list)

    def of(self, entries: Iterable[str]) -> dict[str, str]:
        """What the entries name, and all that it uses."""
        for entry in entries:
            module, _, name = entry.partition(":")
            if name:
                self._take(name, module)
            else:
                self._use(module)
        while self._waiting:
            name, syntax = self._waiting.pop()
            for one in syntax.imports:
                self._follow(one, name)
        return self._found

    def _use(self, name: str) -> None:
        """A module counts as a whole."""
        if name in self._used:
            return
        self._used.add(name)
        self._enter(name)
        self._count(name)

    def _enter(self, name: str) -> None:
        """The packages around a module count if they do more than import names: Python runs them first."""
        for parent in _parents(name):
            if not self._only_names(parent):
                self._count(parent)

    def _count(self, name: str) -> None:
        syntax = self._syntax(name)
        if syntax is not None and name not in self._found:
            self._found[name] = syntax.sha256
            self._waiting.append((name, syntax))

    def _follow(self, one: Import, importer: str) -> None:
        module = self._absolute(one, importer)
        if module.partition(".")[0] not in self.packages:
            return
        if one.name is not None:
            self._take(one.name, module)
            return
        for name in (*_parents(module), module):  # ``import a.b`` gives all of ``a``, too
            self._use(name)

    def _take(self, name: str, module: str) -> None:
        """A name from a module: from where it comes, if the module only imports it."""
        if (module, name) in self._taken:
            return
        self._taken.add((module, name))
        self._enter(module)
        syntax, submodule = self._syntax(module), f"{module}.{name}"
        if syntax is None:  # a folder without an ``__init__``
            self._use(submodule)
            return
        origin = self._origin(name, module, syntax) if syntax.only_names else None
        if origin is not None:
            self._found[f"{module}:{name}"] = f"{self._absolute(origin, module)}:{origin.name}"
            self._follow(origin, module)
            return
        if self._syntax(submodule) is not None:
            self._use(submodule)
            if syntax.only_names and not syntax.asked:
                return
        self._use(module)

    def _origin(self, name: str, module: str, syntax: ModuleSyntax) -> Import | None:
        """The import by which a module has a name; None if there is none, or it is its own submodule."""
        found = next((one for one in reversed(syntax.imports) if one.bound_as == name), None)
        is_submodule = found is not None and (self._absolute(found, module), found.name) == (module, name)
        return None if is_submodule or name == "*" else found

    def _absolute(self, one: Import, importer: str) -> str:
        if not one.level:
            return one.module
        path = self._file(importer)
        up = one.level - (path is not None and path.name == "__init__.py")
        base = importer.split(".")[: -up or None]
        return ".".join([*base, *filter(None, [one.module])])

    def _only_names(self, module: str) -> bool:
        syntax = self._syntax(module)
        return syntax is not None and syntax.only_names

    def _syntax(self, module: str) -> ModuleSyntax | None:
        if module not in self._read:
            path = self._file(module)
            self._read[module] = None if path is None else _syntax_of(path)
        return self._read[module]

    def _file(self, module: str) -> Path | None:
        """The file of a module; None if there is none, or it is of a package that does not count."""
        if module not in self._files:
            package, *rest = module.split(".")
            root = self.packages.get(package)
            self._files[module] = None if root is None or not all(rest) else _file_below(root, rest)
        return self._files[module]


def _file_below(root: Path, names: Sequence[str]) -> Path | None:
    """The file of a module in a package's folder; or of a package that is a single file."""
    place = root.joinpath(*names)
    own = place.with_suffix(".py") if names else place
    places = [place / "__init__.py", own] if place.is_dir() else [own]
    return next((path for path in places if path.is_file()), None)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _syntax_of(path: Path) -> ModuleSyntax:
    """A module's syntax, parsed again only if its file has changed."""
    found = path.stat()
    return _syntax_as_it_looks(path, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=4096)
def _syntax_as_it_looks(path: Path, _look: tuple[int, int, int]) -> ModuleSyntax:
    try:
        return read_syntax(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise InvalidDataError(f"The module {path}", got=str(error), needed="Python") from error

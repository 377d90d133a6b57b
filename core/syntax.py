"""Meaning of a Python module: its syntax tree without what only people and type checkers read.

Left out are docstrings, comments and layout, code for type checkers, and how a value shows itself in a notebook
(:mod:`~innerscore.core.display`): its base class, methods named ``_summary``, and ``repr=`` of a data class.

The hash is the same under every version of Python that parses the module: versions differ in the fields that trees
have, and in how they cut a formatted string into pieces. This needs nothing but the standard library.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Import", "ModuleSyntax", "read_syntax"]


@dataclass(frozen=True)
class Import:
    """A name that a module imports, anywhere in it.

    Parameters
    ----------
    level : int
        Number of dots before `module`; 0 for an absolute import.
    module : str
        Name after ``from``, or after ``import``; empty in ``from . import name``.
    name : str or None
        Name of the object taken from it: ``"*"`` for all; None for the module itself.
    bound_as : str
        Its name in this module.
    """

    level: int
    module: str
    name: str | None
    bound_as: str


@dataclass(frozen=True)
class ModuleSyntax:
    """A module as far as it can change a number.

    Parameters
    ----------
    sha256 : str
        SHA-256 of its syntax tree in a canonical form.
    imports : tuple of Import
        Imports of the module and of all functions in it, without those for type checkers only.
    only_names : bool
        Whether it does nothing but import names for others to import from it, as many an ``__init__`` does.
    asked : bool
        Whether it has a function ``__getattr__``, which may import a name when asked for it.
    """

    sha256: str
    imports: tuple[Import, ...]
    only_names: bool
    asked: bool


def read_syntax(source: bytes) -> ModuleSyntax:
    """Read a module's syntax.

    Parameters
    ----------
    source : bytes
        Content of a Python file.

    Raises
    ------
    SyntaxError, ValueError
        If it is not a valid Python file.
    """
    tree = _Meaning().visit(ast.parse(source))
    written: list[str] = []
    _write(tree, written)
    sha256 = hashlib.sha256("".join(written).encode()).hexdigest()
    imports = tuple(found for node in ast.walk(tree) for found in _imports(node))
    asked = any(isinstance(one, ast.FunctionDef) and one.name == "__getattr__" for one in tree.body)
    return ModuleSyntax(sha256, imports, all(map(_only_names, tree.body)), asked)


#: Module, base class and method by which a value shows itself.
_SHOWS, _SHOWING, _SHOWN_BY = "core.display", "Displayed", "_summary"


class _Meaning(ast.NodeTransformer):
    """Leaves out what changes no number: lone strings, ``pass``, code for type checkers, and how values look."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_Pass(self, _node: ast.Pass) -> None:
        return None

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        changed = self.generic_visit(node)
        return node.orelse if _is_for_checkers(node.test) else changed

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if (node.module or "").endswith(_SHOWS) else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [base for base in node.bases if getattr(base, "id", "") != _SHOWING]
        node.body = [part for part in node.body if getattr(part, "name", "") != _SHOWN_BY]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if getattr(node.func, "id", "") == "dataclass":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "repr"]
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        node.values = list(_joined(node.values))
        return node


def _is_for_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _joined(pieces: list[ast.expr]) -> Iterator[ast.expr]:
    """The pieces of a formatted string, neighbouring texts as one and none of them empty."""
    text = ""
    for piece in pieces:
        if isinstance(piece, ast.Constant):
            text += str(piece.value)
            continue
        if text:
            yield ast.Constant(text)
        text = ""
        yield piece
    if text:
        yield ast.Constant(text)


def _write(value: object, written: list[str]) -> None:
    """Append a node, a list of nodes or a plain value to a text that no two trees share."""
    if isinstance(value, ast.Constant):
        # ascii: which characters repr shows as they are depends on the version of Python
        written.append(f"{type(value.value).__name__} {value.value!a}")
    elif isinstance(value, ast.AST):
        written.append(f"{type(value).__name__}(")
        for name in sorted(value._fields):
            part = getattr(value, name, None)
            if part is None or part == [] or name == "ctx":
                continue
            written.append(f"{name}=")
            _write(part, written)
            written.append(",")
        written.append(")")
    elif isinstance(value, list):
        written.append("[")
        for part in value:
            _write(part, written)
            written.append(",")
        written.append("]")
    else:
        written.append(ascii(value))


def _imports(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(0, alias.name, None, alias.asname or alias.name.partition(".")[0])
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield Import(node.level, node.module or "", alias.name, alias.asname or alias.name)


def _only_names(statement: ast.stmt) -> bool:
    """Whether a statement imports, lists what is public, or imports when first asked (``__getattr__``)."""
    if isinstance(statement, ast.Assign):
        return all(isinstance(target, ast.Name) and target.id == "__all__" for target in statement.targets)
    if isinstance(statement, ast.FunctionDef):
        return statement.name in ("__getattr__", "__dir__")
    return isinstance(statement, ast.Import | ast.ImportFrom)

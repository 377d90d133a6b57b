import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from innerscore.core.entries import import_entry
from innerscore.core.errors import InvalidDataError
from innerscore.core.identity import PACKAGE_ROOT, code_sha256, entry_of, modules_used
from innerscore.core.syntax import read_syntax

FILES = {
    "__init__.py": '"""A package."""\n',
    "start.py": """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        import pkg.dotted.deep
        from . import loop_a
        from .choice import left
        from .busy.inner import INNER
        from .used import LIMIT as most
        if TYPE_CHECKING:
            from .checkers import Kind
        class Measure:
            '''A measure.'''
            def value(self, x: Kind) -> float:
                from .lazy import FACTOR
                return min(FACTOR * x + INNER, most)
        """,
    "used.py": """
        '''What is used.'''
        LIMIT = 3.5
        def halved(x):
            '''Half of it.'''
            return x / 2  # a comment
        """,
    "unused.py": "LIMIT = 3.5\n",
    "checkers.py": "Kind = float\n",
    "lazy.py": "from .behind import OFFSET\nFACTOR = 2 + OFFSET\n",
    "behind.py": "OFFSET = 1\n",
    "loop_a.py": "from . import loop_b\nA = 1\n",
    "loop_b.py": "from .loop_a import A\nB = 2\n",
    "choice/__init__.py": """
        '''Only names.'''
        from .left import left
        from .right import left as other, right
        __all__ = ["left", "other", "right"]
        """,
    "choice/left.py": "def left(x):\n    return x - 1\n",
    "choice/right.py": "def left(x):\n    return x - 2\ndef right(x):\n    return x + 1\n",
    "busy/__init__.py": "from .helper import DEFAULT\nSETTING = DEFAULT + 1\n",
    "busy/helper.py": "DEFAULT = 1\n",
    "busy/inner.py": "INNER = 0\n",
    "busy/other.py": "OTHER = 0\n",
    "dotted/__init__.py": "",
    "dotted/deep.py": "DEEP = 1\n",
}


def dedented(text):
    lines = text.strip("\n").splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "".join(f"{line[margin:]}\n" for line in lines)


@pytest.fixture
def package(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedented(text))
    return tmp_path / "pkg"


def identity(package, entry="pkg.start:Measure"):
    return code_sha256([entry], packages={"pkg": package})


def edit(folder, file, old, new):
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("used.py", "'''What is used.'''", "'''Anything else.'''\n\n\n"),
        ("used.py", "'''What is used.'''", ""),
        ("used.py", "    '''Half of it.'''\n", ""),
        ("used.py", "x / 2  # a comment", "(\n        x\n        / 2\n    )"),
        ("start.py", "'''A measure.'''", "pass"),
        ("start.py", "import Kind", "import Kind, Other"),
        ("__init__.py", '"""A package."""', "# nothing"),
        ("unused.py", "3.5", "4.5"),
        ("checkers.py", "float", "int"),
        ("choice/right.py", "x + 1", "x + 2"),
        ("choice/__init__.py", ', "right"]', "]"),
        ("busy/other.py", "0", "1"),
    ],
)
def test_what_cannot_change_a_number_changes_no_identity(package, file, old, new):
    before = identity(package)
    edit(package, file, old, new)
    assert identity(package) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("used.py", "3.5", "4.5"),
        ("used.py", "x / 2", "2 / x"),
        ("start.py", "min(", "max("),
        ("start.py", "LIMIT as most", "halved as most"),
        ("lazy.py", "2 +", "3 +"),
        ("behind.py", "1", "2"),
        ("loop_b.py", "2", "3"),
        ("choice/left.py", "x - 1", "x - 2"),
        ("choice/__init__.py", "from .left import left\n", "from .right import left\n"),
        ("busy/__init__.py", "+ 1", "+ 2"),
        ("busy/helper.py", "1", "2"),
        ("busy/inner.py", "0", "1"),
        ("dotted/deep.py", "1", "2"),
        ("dotted/__init__.py", "", "SIDE = 1\n"),
    ],
)
def test_what_can_change_a_number_changes_the_identity(package, file, old, new):
    before = identity(package)
    edit(package, file, old, new)
    assert identity(package) != before


def test_exactly_the_modules_in_use_count(package):
    used = modules_used(["pkg.start:Measure"], packages={"pkg": package})
    names = {"start", "used", "lazy", "behind", "loop_a", "loop_b", "choice.left", "choice:left"}
    names |= {"busy", "busy.helper", "busy.inner", "dotted", "dotted.deep"}
    assert set(used) == {"pkg", *(f"pkg.{name}" for name in names)}
    assert used["pkg.choice:left"] == "pkg.choice.left:left"


def test_the_class_that_is_named_counts(package):
    edit(package, "start.py", "class Measure:", "class Other:\n    pass\nclass Measure:")
    assert identity(package, "pkg.start:Other") != identity(package, "pkg.start:Measure")


@pytest.mark.parametrize("form", ["from .choice import *", "import pkg.choice", "from pkg import choice"])
def test_whoever_takes_a_package_whole_uses_all_that_it_names(package, form):
    (package / "whole.py").write_text(f"{form}\n")
    before = identity(package, "pkg.whole")
    edit(package, "choice/right.py", "x + 1", "x + 2")
    assert identity(package, "pkg.whole") != before


def test_a_name_that_an_init_imports_when_asked_is_followed(package):
    lazy = "def __getattr__(name):\n    from . import behind\n    return getattr(behind, name)\n"
    (package / "choice" / "__init__.py").write_text(lazy)
    shutil.copy(package / "behind.py", package / "choice" / "behind.py")
    before = identity(package)
    edit(package, "choice/behind.py", "1", "2")
    assert identity(package) != before


def test_a_module_that_is_no_python_is_named(package):
    (package / "lazy.py").write_text("FACTOR = = 2\n")
    with pytest.raises(InvalidDataError, match=r"lazy\.py"):
        identity(package)


@pytest.mark.parametrize("form", ["from .helper import FACTOR", "from . import helper"])
def test_the_code_of_a_plugin_counts_and_its_place_does_not(tmp_path, form):
    identities = []
    for folder, factor in (("here", 1), ("there", 1), ("changed", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "helper.py").write_text(f"FACTOR = {factor}\n")
        (tmp_path / folder / "plugin.py").write_text(f"{form}\nclass Measure: ...\n")
        measure = import_entry("plugin.py:Measure", tmp_path / folder)
        identities.append(code_sha256([entry_of(measure)]))
    assert identities[0] == identities[1] != identities[2]


# What versions of Python parse differently

SYNTAX = r'''
def f(x, *rest: int, key=None, **more) -> "str":
    """Docstring."""
    match x:
        case {"a": [1, *_], **others}: return others
        case str() | None: return f"{x!r:>{key}} and {x=} {{}} {x:%Y-%m-%d}" "b" f"" f"{'a' 'b'}{x:}"
    return [*rest, {**more}, 1e400, -0.0, 1_000, 0x10, 2j, b"\x00", "é\u0378\U0001fae8", None, ..., True]
async def g():
    async with a as b, c: pass
    return (y := [z async for z in d if z]), lambda *, k=1: k
class C(Base, metaclass=M): "Docstring."
'''


def found_python(minor):
    places = [shutil.which(f"python3.{minor}"), *Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")]
    # pyenv's shims are there for versions, too, that they refuse to run
    return next((str(path) for path in places if path is not None and "shims" not in Path(path).parts), None)


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
def test_every_version_of_python_gives_the_same_hashes(tmp_path, minor):
    python = found_python(minor)
    if python is None:
        pytest.skip(f"Python 3.{minor} is not here")
    (tmp_path / "syntax.py").write_text(SYNTAX)
    files = [tmp_path / "syntax.py", *sorted((PACKAGE_ROOT / "core").glob("*.py"))]
    files += sorted((PACKAGE_ROOT / "metrics").rglob("*.py"))
    script = (
        "import runpy, sys, pathlib\n"
        "read = runpy.run_path(sys.argv[1], run_name='syntax')['read_syntax']\n"
        "for name in sys.argv[2:]: print(read(pathlib.Path(name).read_bytes()).sha256)\n"
    )
    command = [python, "-I", "-c", script, str(PACKAGE_ROOT / "core" / "syntax.py"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [read_syntax(path.read_bytes()).sha256 for path in files], done.stderr


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 'a'", "x = b'a'"),
        ("x = 1", "x = True"),
        ("x = None", "x = ..."),
        ("x = 1", "x = 1.0"),
        ("x = f'{a}b'", "x = f'{a}' + 'b'"),
        ("f(None)", "f()"),
        ("d = {None: a}", "d = {**a}"),
        ("[[a], b]", "[[a, b]]"),
        ("if A: x = 1", "x = 1"),
        ("x = 'a,b'", "x = 'a', 'b'"),
        ("def f(a, b): 0", "def f(a, *, b): 0"),
        ("from .a import b", "from ..a import b"),
    ],
)
def test_code_that_differs_has_another_hash(one, other):
    assert read_syntax(one.encode()).sha256 != read_syntax(other.encode()).sha256


# This package itself

IDENTITIES = """
import json, pathlib, sys
from innerscore.benchmarks import load_benchmark
from innerscore.candidates.interface import bundle_sha256, registry
from innerscore.core.settings import load_settings
from innerscore.scoring.activation_cache import ActivationCache
from innerscore.scoring.run import code_of
import innerscore

root, settings = pathlib.Path(innerscore.__file__).parent, load_settings()

def identities():
    candidates = registry(settings).entries()
    found = {name: bundle_sha256(candidates[name]) for name in candidates}
    for name in ("SimulatedMEC.ridge", "SimulatedMEC.rsa", "SimulatedDMFC.occluded-ridge"):
        found[name] = code_of(load_benchmark(name, settings))
    folder = ActivationCache.named(candidates["pixels"].card, "0" * 64, pathlib.Path(), 0).folder
    return found | {"cache": folder.name}

every = [identities()]
for file, old, new in json.loads(sys.argv[1]):
    text = (root / file).read_text()
    assert old in text, (file, old)
    (root / file).write_text(text.replace(old, new, 1))
    every.append(identities())
changes = [[name for name in now if now[name] != was[name]] for was, now in zip(every, every[1:])]
print(json.dumps([str(root), list(every[0]), changes]))
"""

SPACE = {"grid-code", "interpolation", "place-cells", "position", "random-bumps", "random-rnn", "velocity"}


@pytest.mark.once
def test_an_edit_of_this_package_changes_the_identities_that_it_can_change(tmp_path):
    copy = tmp_path / "innerscore"
    shutil.copytree(PACKAGE_ROOT, copy, ignore=shutil.ignore_patterns(".*", "tests", "docs", "__pycache__"))
    edits = [
        ("core/errors.py", "The errors innerscore raises", "All errors that innerscore raises"),
        ("candidates/zoo/position.candidate.yaml", "title: Position", "# where\ntitle: Its position"),
        ("metrics/functional/mapping/ridge.py", "_FEATURES_PER_SAMPLE = 1.0", "_FEATURES_PER_SAMPLE = 2.0"),
        ("candidates/zoo/space.py", "_ROOM_M = 2.0", "_ROOM_M = 3.0"),
        ("candidates/zoo/position.candidate.yaml", "layers: [xy]", "layers: [xy, x]"),
        ("scoring/activation_cache.py", "_BATCH = 16", "_BATCH = 8"),
    ]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", IDENTITIES, json.dumps(edits)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    root, names, changes = json.loads(done.stdout)
    assert root == str(copy)
    assert [set(one) for one in changes] == [
        set(),
        set(),
        {"SimulatedMEC.ridge", "SimulatedDMFC.occluded-ridge"},
        SPACE,
        {"position"},
        {"SimulatedMEC.ridge", "SimulatedMEC.rsa", "SimulatedDMFC.occluded-ridge", "cache"},
    ]
    assert set(names) >= SPACE | {"pixels", "cache"}


def test_how_a_value_shows_itself_is_no_part_of_its_meaning():
    plain = """
from dataclasses import dataclass
from .labelled import labelled
@dataclass(frozen=True)
class Cell:
    rate: float
    def doubled(self): return 2 * self.rate
"""
    showing = """
from dataclasses import dataclass
from ..core.display import Displayed, Summary
from .labelled import labelled
@dataclass(frozen=True, repr=False)
class Cell(Displayed):
    rate: float
    def _summary(self): return Summary("cell", [])
    def doubled(self): return 2 * self.rate
"""
    assert read_syntax(showing.encode()).sha256 == read_syntax(plain.encode()).sha256
    assert read_syntax(showing.replace("2 *", "3 *").encode()).sha256 != read_syntax(plain.encode()).sha256
    assert not [one for one in read_syntax(showing.encode()).imports if "display" in one.module]

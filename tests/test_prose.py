"""The worst habits of prose are held off: openings that hide the subject, and words that the glossary replaced."""

import ast
import functools
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPENING = re.compile(r"(What|How|Whose|Of)\b")
DESCRIPTION = re.compile(r"Of\b")
REPLACED = {
    r"shares? of (the|its|a) (noise )?ceiling": "ceiling-normalised score",
    r"told apart": "significantly different",
    r"(?<!: )commit(ment|ted layer)s?(?! ?:)": "layer selection",  # but the key of cards
    r"validity study": "model recovery",
}
SECTIONS = ("Parameters", "Attributes", "Returns", "Yields", "Raises")


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", *patterns], capture_output=True, text=True, check=True
    ).stdout.split()
    return [Path(name) for name in listed]


MODULES = [path for path in tracked("*.py") if path.parts[0] not in ("tests", "docs")]
DOCUMENTS = [
    path
    for path in tracked("README.md", "docs/*.md")
    if path.parts[:2] not in (("docs", "studies"), ("docs", "decisions"))
]


@functools.cache
def nodes(path):
    return list(ast.walk(ast.parse((ROOT / path).read_text())))


def docstrings(path):
    """Each docstring of a module, with its place and whether its name is public."""
    for node in nodes(path):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                name = getattr(node, "name", "")
                yield f"{path}:{getattr(node, 'lineno', 1)}", text, not name.startswith("_")


def descriptions(text):
    """First lines of the descriptions in numpydoc's sections."""
    lines = text.splitlines()
    section = ""
    for number, line in enumerate(lines):
        if set(line) == {"-"} and number:
            section = lines[number - 1]
        elif section in SECTIONS and line.startswith("    ") and not lines[number - 1].startswith(" "):
            yield line.strip()


def help_texts(path):
    """Strings given as ``help``."""
    for node in nodes(path):
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
            yield f"{path}:{node.value.lineno}", str(node.value.value)


def replaced_words(place, text):
    flat = re.sub(r"\s+", " ", text)
    for words, better in REPLACED.items():
        for found in re.finditer(rf"\b{words}\b", flat, flags=re.I):
            yield f"{place}: '{found[0]}', where the glossary has '{better}'"


def test_no_public_docstring_hides_its_subject():
    found = []
    for path in MODULES:
        for place, text, is_public in docstrings(path):
            if is_public and OPENING.match(text):
                found.append(f"{place}: {text.splitlines()[0]}")
    assert not found, "\n".join(found)


def test_no_description_begins_with_of():
    found = [
        f"{place}: {line}"
        for path in MODULES
        for place, text, _ in docstrings(path)
        for line in descriptions(text)
        if DESCRIPTION.match(line)
    ]
    assert not found, "\n".join(found)


def test_words_that_the_glossary_replaced_are_gone():
    texts = [(place, text) for path in MODULES for place, text, _ in docstrings(path)]
    texts += [one for path in MODULES for one in help_texts(path)]
    texts += [(str(path), (ROOT / path).read_text()) for path in DOCUMENTS]
    found = [problem for place, text in texts for problem in replaced_words(place, text)]
    assert not found, "\n".join(found)


def test_the_checks_see_what_they_are_for():
    text = "Whose it is.\n\nParameters\n----------\nn : int\n    Of something.\nm : int\n    Number.\n"
    assert OPENING.match(text)
    assert list(descriptions(text)) == ["Of something.", "Number."]
    assert list(
        replaced_words("here", "A share of\nthe ceiling; candidates told apart; the committed layer.")
    )

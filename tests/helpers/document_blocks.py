"""The fenced blocks of documents, and what is said above them of how they are run.

A block of commands (sh) or Python is run by tests/test_document_commands.py, unless a comment stands above it:

    <!-- run by tests/test_readme.py -->
    <!-- not run: why, in words -->

or `<!-- all blocks run by tests/test_extending.py -->` anywhere on the page.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = ("sh", "python")
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>(?:run by|not run:) [^\n]*?) -->\n\s*)?^(?P<indent> *)```(?P<language>\w*)\n"
    r"(?P<text>.*?)^ *```$",
    flags=re.M | re.S,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page and line, its language, its text, and the mark above it, or nothing."""

    page: str
    line: int
    language: str
    text: str
    mark: str

    @property
    def is_run(self) -> bool:
        """Whether the test of commands runs it."""
        return self.language in RUN and not self.mark


def pages() -> list[str]:
    """All documents, but for those of tests."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "*.md"], capture_output=True, text=True, check=True
    ).stdout.split()
    return [name for name in listed if not name.startswith(("tests/", "."))]


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in their order."""
    text = (ROOT / page).read_text()
    of_page = re.search(r"^<!-- all blocks (run by \S+) -->$", text, flags=re.M)
    found = []
    for match in _BLOCK.finditer(text):
        line = text[: match.start("language")].count("\n") + 1
        body = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M)
        found.append(
            Block(page, line, match["language"], body, match["mark"] or (of_page[1] if of_page else ""))
        )
    return found


def commands(page: str) -> list[str]:
    """Every command line of innerscore on a page, in blocks and in the running text."""
    text = (ROOT / page).read_text()
    inline = re.findall(r"`(innerscore [^`]+)`", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))
    fenced = [
        line
        for block in blocks(page)
        if block.language in ("sh", "text", "")
        for line in block.text.splitlines()
    ]
    written = [re.sub(r"^(\.venv/bin/|\$ )", "", line.strip()) for line in fenced]
    return [line for line in [*inline, *written] if line.startswith("innerscore ")]

"""Run the notebooks of docs/notebooks and keep what they give, as text and pictures.

    python tests/helpers/notebooks.py                   # all, in place
    python tests/helpers/notebooks.py docs/notebooks/read_a_board.ipynb

Each runs in a kernel of its own, with data and cache folders that are new and no network.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
_SECONDS = 600
_HASH = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b")


def executed(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run whose files are all in a folder; an error of a cell is raised."""
    notebook = nbformat.read(path, as_version=4)
    kept = dict(os.environ)
    os.environ |= {
        "INNERSCORE_DATA_DIR": str(folder / "data"),
        "INNERSCORE_CACHE_DIR": str(folder / "cache"),
        "INNERSCORE_CONFIG": os.devnull,
        "INNERSCORE_OFFLINE": "true",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    os.environ.pop("INNERSCORE_MIRROR", None)
    try:
        NotebookClient(
            notebook, timeout=_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
    finally:
        os.environ.clear()
        os.environ |= kept
    return notebook


def said(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """The text of each cell's outputs, hashes as dots: that of a record holds the time of its run."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [[_HASH.sub("...", _text(one)) for one in cell.outputs if _text(one)] for cell in cells]


def _text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return str(output.text)
    return "" if "image/png" in output.data else str(output.data.get("text/plain", ""))


def without_what_changes(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without times of execution and names of this machine's kernel, ready to be kept."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


if __name__ == "__main__":
    for one in [Path(name) for name in sys.argv[1:]] or NOTEBOOKS:
        with tempfile.TemporaryDirectory() as made:
            done = without_what_changes(executed(one, Path(made)))
        nbformat.write(done, one)

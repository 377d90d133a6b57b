import importlib.util
import sys
from pathlib import Path

# Tests are no package; this makes the writer of files importable by name for the tests of this folder.
_PATH = Path(__file__).parent / "space_files.py"
_SPEC = importlib.util.spec_from_file_location("space_files", _PATH)
space_files = importlib.util.module_from_spec(_SPEC)
sys.modules["space_files"] = space_files
_SPEC.loader.exec_module(space_files)

import importlib.util
import sys
from pathlib import Path

# Tests are no package; this makes the writer of files importable by name for the tests of this folder.
_PATH = Path(__file__).parent / "interval_files.py"
_SPEC = importlib.util.spec_from_file_location("interval_files", _PATH)
interval_files = importlib.util.module_from_spec(_SPEC)
sys.modules["interval_files"] = interval_files
_SPEC.loader.exec_module(interval_files)

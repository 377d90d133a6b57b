import importlib.util
import sys
from pathlib import Path

# Tests are no package; this makes the examples importable by name for the tests of this folder.
_PATH = Path(__file__).parent / "record_examples.py"
_SPEC = importlib.util.spec_from_file_location("record_examples", _PATH)
record_examples = importlib.util.module_from_spec(_SPEC)
sys.modules["record_examples"] = record_examples
_SPEC.loader.exec_module(record_examples)

"""Examples from the tests of pages, by name."""

import importlib.util
import sys
from pathlib import Path

if "board_examples" not in sys.modules:
    _SPEC = importlib.util.spec_from_file_location(
        "board_examples", Path(__file__).parent.parent / "pages" / "board_examples.py"
    )
    sys.modules["board_examples"] = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["board_examples"])

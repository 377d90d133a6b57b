"""Examples from the tests of pages, and of submissions, by name."""

import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).parent

for _file in (_HERE.parent / "pages" / "board_examples.py", _HERE / "submission_examples.py"):
    if _file.stem not in sys.modules:
        _SPEC = importlib.util.spec_from_file_location(_file.stem, _file)
        sys.modules[_file.stem] = importlib.util.module_from_spec(_SPEC)
        _SPEC.loader.exec_module(sys.modules[_file.stem])

import importlib.util
import sys
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location("sandbox_hostile", Path(__file__).parent / "hostile.py")
sys.modules["sandbox_hostile"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sys.modules["sandbox_hostile"])

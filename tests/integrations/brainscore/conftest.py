"""These tests run where brainscore-core is: in the second environment of ``make test``."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("brainscore_core") else ["test_*.py"]

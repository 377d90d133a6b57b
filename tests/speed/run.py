"""Command of the benchmark: ``python tests/speed/run.py [--row TEXT] [--curves] [--json FILE]``.

Rows are the works whose name holds the text; without it, all. ``--curves`` measures the cost curves too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import sklearn
import torch
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))
import harness
import limits

_FILES = (
    "regression",
    "similarity",
    "spatial",
    "dmfc",
    "store",
    "pages",
    "scheduling",
    "submissions",
    "command_line",
)


def main() -> None:
    """Measure, print the table, write the JSON."""
    arguments = _arguments()
    modules = [importlib.import_module(name) for name in _FILES if _path(name).exists()]
    wanted = _named(modules, "CURVES", arguments.row) if arguments.curves else []
    with threadpool_limits(1 if arguments.clock == "processor" else None):
        torch.set_num_threads(1 if arguments.clock == "processor" else torch.get_num_threads())
        rows = [harness.measure(work, arguments.clock) for work in _named(modules, "WORKS", arguments.row)]
        curves = [harness.measure_curve(curve, arguments.clock) for curve in wanted]
    kept = [row for limit in _named(modules, "LIMITS", arguments.row) for row in limits.measure(limit)]
    print(harness.table(rows, curves), limits.table(kept), sep="\n")
    if arguments.json:
        report = {"machine": _machine(), **harness.as_json(rows, curves), "limits": limits.as_json(kept)}
        Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", default="", help="only works whose name holds this text")
    parser.add_argument("--curves", action="store_true", help="measure the cost curves too")
    parser.add_argument(
        "--clock",
        choices=list(harness.CLOCKS),
        default="wall",
        help="wall time, or processor time of one thread: for a machine that others use meanwhile",
    )
    parser.add_argument("--json", help="write the result to this file")
    return parser.parse_args()


def _path(name: str) -> Path:
    return Path(__file__).with_name(f"{name}.py")


def _named(modules: list[ModuleType], kind: str, text: str) -> list:
    return [one for module in modules for one in getattr(module, kind, []) if text in one.name]


def _machine() -> dict[str, object]:
    size = torch.randn(2048, 2048)
    taken = min(harness.timed(lambda: size @ size)[1].seconds for _ in range(3))
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "processor": platform.processor() or platform.machine(),
        "float32_gflops": 2 * 2048**3 / taken / 1e9,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }


if __name__ == "__main__":
    main()

"""Write the exact versions that pip chose, on one Python or on several, as a file of constraints.

    # with each Python:
    python -m pip install --dry-run --ignore-installed --report 3.13.json '.[dev]'
    python tests/pin.py constraints.txt 3.11.json 3.12.json 3.13.json 3.14.json

The comment that the file begins with is kept. A version that only some of the Pythons take gets a marker.
"""

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any


def main(constraints: Path, reports: list[Path]) -> None:
    """Replace the pins in `constraints` by those of pip's reports."""
    chosen = dict(sorted(versions_of(json.loads(path.read_text())) for path in reports))
    names = sorted({name for versions in chosen.values() for name in versions})
    lines = [
        line for name in names for line in pins(name, [(p, v[name]) for p, v in chosen.items() if name in v])
    ]
    comment = [line for line in constraints.read_text().splitlines() if line.startswith("#")]
    constraints.write_text("\n".join([*comment, *lines]) + "\n")


def versions_of(report: dict[str, Any]) -> tuple[tuple[int, ...], dict[str, str]]:
    """The Python that made the report, and the version of each package but innerscore by its normalised name."""
    python = tuple(map(int, report["environment"]["python_version"].split(".")))
    packages = [item["metadata"] for item in report["install"]]
    versions = {p["name"].lower().replace("_", "-"): p["version"].partition("+")[0] for p in packages}
    return python, {name: version for name, version in versions.items() if name != "innerscore"}


def pins(name: str, versions: list[tuple[tuple[int, ...], str]]) -> list[str]:
    """A line for each run of Pythons that take the same version, open at both ends."""
    runs = [
        (version, [python for python, _ in run]) for version, run in groupby(versions, lambda pair: pair[1])
    ]
    lines = []
    for index, (version, pythons) in enumerate(runs):
        bounds = [f'python_version >= "{dotted(pythons[0])}"'] if index else []
        bounds += [f'python_version < "{dotted(runs[index + 1][1][0])}"'] if index + 1 < len(runs) else []
        lines.append(f"{name}=={version}" + ("; " + " and ".join(bounds) if bounds else ""))
    return lines


def dotted(python: tuple[int, ...]) -> str:
    """(3, 13) as 3.13."""
    return ".".join(map(str, python))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])

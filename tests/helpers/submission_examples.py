"""Bundles as they are submitted, and limits that no test meets by chance."""

import io
import zipfile

import candidate_folder
import yaml
from board_examples import benchmark_names

from innerscore.leaderboard.server import Limits

BENCHMARKS = benchmark_names(4)
LOOSE = Limits(1e5, 10**6, 1e5, 10**6, most_bytes=2**20)
CARD = candidate_folder.CARD | {"identifier": "sent", "accepts": ["frames"]}


def zipped(*more, year=2026, **facts):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        own = {"candidate.yaml": yaml.safe_dump(CARD | facts), "candidate.py": "class Model: ...\n"}
        for name, content in own.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
        for name, content in more:
            archive.writestr(name, content)
    return body.getvalue()

"""A server killed while it takes a bundle in keeps all or nothing, and sending it again is one submission."""

import io
import zipfile

import pytest
import yaml
from dying import KILLED, die_before_file_event, die_before_statement, in_child

from innerscore.leaderboard.queue import BundleStore, Queue, receive
from innerscore.leaderboard.store import Store

CARD = {
    "identifier": "sent",
    "title": "Sent",
    "description": "A candidate that a test sends.",
    "authors": ["tests"],
    "licence": "MIT",
    "citation": "@misc{tests}",
    "entry": "candidate.py:Model",
    "accepts": ["frames"],
    "layers": ["a"],
    "model_class": "example",
}


def zipped():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("candidate.yaml", yaml.safe_dump(CARD))
        archive.writestr("candidate.py", "class Model: ...\n")
    return body.getvalue()


def taken(folder):
    """Take the bundle; what is queued then."""
    queue = Queue(f"sqlite:///{folder / 'board.sqlite'}")
    receive(zipped(), [], queue, BundleStore(folder / "bundles"), known=["B.x"], reserved=[])
    queue.close()
    return queued(folder)


def queued(folder):
    queue = Queue(f"sqlite:///{folder / 'board.sqlite'}")
    found = queue.all()
    queue.close()
    return found


@pytest.mark.parametrize("where", ["statements", "files"])
def test_killed_anywhere_it_keeps_all_or_nothing_and_the_next_is_one_submission(where, tmp_path):
    number = 0
    while True:
        folder = tmp_path / str(number)
        folder.mkdir()
        Store(f"sqlite:///{folder / 'board.sqlite'}").close()
        death = {
            "statements": die_before_statement(number),
            "files": die_before_file_event(number, folder / "bundles"),
        }[where]
        ended = in_child(lambda folder=folder: taken(folder), death)
        if ended != KILLED:
            break
        bundles = BundleStore(folder / "bundles")
        for submission in queued(folder):
            assert bundles.read(submission.zip_sha256).content_sha256 == submission.content_sha256
        (only,) = taken(folder)
        assert (only.state, bundles.read(only.zip_sha256).card.identifier) == ("received", "sent")
        number += 1
    assert ended == 0
    assert number > 2

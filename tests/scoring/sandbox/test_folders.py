"""Temporary folders of sandboxes: they go with their owner, and nobody else's go."""

import os
import signal
import time
from pathlib import Path

import pytest

from innerscore.scoring.sandbox import folders


@pytest.fixture(autouse=True)
def _own_place(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.tempfile, "tempdir", str(tmp_path))


def age(folder):
    os.utime(folder, (time.time() - 3600,) * 2)


def abandoned(tmp_path):
    """A folder whose owner was killed."""
    child = os.fork()
    if child == 0:
        with folders.own_folder() as folder:
            (folder / "reply.npz").write_bytes(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    [folder] = tmp_path.glob("innerscore-sandbox-*")
    return folder


def test_only_the_folders_of_the_dead_are_deleted(tmp_path):
    dead = abandoned(tmp_path)
    with folders.own_folder() as living:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        link = tmp_path / "innerscore-sandbox-link"
        link.symlink_to(elsewhere)
        for folder in (dead, living, elsewhere):
            age(folder)
        folders.delete_abandoned()
        assert (dead.exists(), living.exists(), elsewhere.exists(), link.is_symlink()) == (
            False,
            True,
            True,
            True,
        )
    assert not living.exists()


def test_a_folder_that_its_owner_may_be_about_to_lock_stays(tmp_path):
    dead = abandoned(tmp_path)
    folders.delete_abandoned()
    assert dead.exists()
    age(dead)
    folders.delete_abandoned()
    assert not Path(dead).exists()

"""The site that a server shows, where its store cannot be read at first or a page fails later."""

import json
import threading

import pytest
from board_examples import benchmark_names, contents, many_entries

from innerscore.core.errors import InnerscoreError, StoreError
from innerscore.leaderboard.server.live import BoardNotReadyError, LiveSite
from innerscore.leaderboard.store import Store

NAMES = ("candidate-000", "candidate-001")
BENCHMARKS = benchmark_names(2)
LOCKED = StoreError("The store", got="database is locked", needed="one that can be read")


class FailsAtFirst:
    """A store that raises the given errors, one each time it is read, before it gives its records."""

    def __init__(self, store, errors):
        self._store = store
        self._errors = list(errors)

    def latest(self):
        if self._errors:
            raise self._errors.pop(0)
        return self._store.latest()

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'board.sqlite'}")
    made.add_all(many_entries(2, 2, n_resamples=30))
    yield made
    made.close()


def live_site(store, errors, first_pause_s=0.0, **changes):
    source = FailsAtFirst(store, errors)
    return LiveSite(source, contents(NAMES, BENCHMARKS, **changes), first_pause_s=first_pause_s)


def failures(caplog):
    return [json.loads(one.getMessage()) for one in caplog.records if one.name == "innerscore.server"]


@pytest.mark.parametrize("error", [LOCKED, RuntimeError("nobody foresaw this")], ids=["locked", "unforeseen"])
def test_a_first_board_that_fails_is_logged_and_tried_again(store, error, caplog):
    live = live_site(store, [error])
    assert not live.ready
    live.start().result()
    assert live.ready
    assert b"candidate-001" in live.page("index.html", []).body
    live.stop()
    (line,) = failures(caplog)
    assert line["event"] == "board not made"
    assert str(error) in line["error"]
    assert ("in latest" in line.get("traceback", "")) == (not isinstance(error, InnerscoreError))


def test_pauses_between_attempts_at_the_first_board_grow(store, caplog):
    live = live_site(store, [LOCKED] * 4, first_pause_s=0.001)
    live.start().result()
    assert live.ready
    live.stop()
    assert [line["again_in_s"] for line in failures(caplog)] == [0.001, 0.002, 0.004, 0.008]


@pytest.mark.parametrize("error", [LOCKED, RuntimeError("a secret")], ids=["locked", "unforeseen"])
def test_a_reader_gets_an_error_until_the_first_board_is_there_and_stopping_ends_the_attempts(store, error):
    live = live_site(store, [error] * 2, first_pause_s=1e6)
    begun = live.start()
    with pytest.raises(BoardNotReadyError) as raised:
        live.page("index.html", [])
    assert ("database is locked" in str(raised.value)) == (error is LOCKED)
    assert "secret" not in str(raised.value)
    assert not live.ready
    live.stop()
    assert begun.done()


def test_clips_are_asked_for_though_the_first_attempt_failed_and_their_errors_are_logged(store, caplog):
    asked = threading.Event()

    def clip(name):
        asked.set()
        raise ZeroDivisionError(name)

    live = live_site(store, [LOCKED], clip=clip)
    live.start().result()
    assert asked.wait(60)
    live.stop()
    first, second = failures(caplog)
    assert first["event"] == "board not made"
    assert "ZeroDivisionError" in second["error"]
    assert "raise ZeroDivisionError(name)" in second["traceback"]

"""A small board with everything that a board can have, served live and written as files; a browser that watches."""

import contextlib
import functools
import http.server
import shutil
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import board_examples
import numpy as np
import pytest
import uvicorn
from missing_parts import skip_or_fail

from innerscore import leaderboard
from innerscore.core.settings import Settings
from innerscore.figures import animated_png
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.pages import Clip, Site, take_snapshot, write_site
from innerscore.leaderboard.queue import BundleStore
from innerscore.leaderboard.server import Limits, TokenFile, create_app
from innerscore.leaderboard.store import Store
from innerscore.workflows.game import pong_game

CANDIDATES = ("ada", "bo", "cy", "dee", "eve", "fay")
BENCHMARKS = tuple(board_examples.benchmark_names(8))
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'"&=cmd()'
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def entries():
    """Values with clear and unclear differences, every state, a correction, an old version, hostile text."""
    rng = np.random.default_rng(1)
    for number, benchmark in enumerate(BENCHMARKS):
        shared = rng.standard_normal(200)
        for place, name in enumerate(CANDIDATES[:4]):
            value = (1.04, 0.71, 0.705, -0.12)[place] + 0.001 * number
            more = board_examples.pictures(place) if number == 0 and place < 2 else None
            yield board_examples.entry(name, benchmark, value, shared, rng, more=more)
    yield board_examples.failed("eve", BENCHMARKS[0])
    yield board_examples.Entry(board_examples.record("fay", BENCHMARKS[0], "not applicable"))
    shared = rng.standard_normal(200)
    yield board_examples.entry("ada", BENCHMARKS[1], 0.5, shared, rng, version=2)
    hostile = board_examples.entry(HOSTILE, BENCHMARKS[0], 0.3, shared, rng)
    score = hostile.record.score.model_copy(
        update={"layer": HOSTILE, "layer_scores": {HOSTILE: 0.1, "other": 0.2}, "facts": {HOSTILE: HOSTILE}}
    )
    environment = board_examples.ENVIRONMENT.model_copy(update={"platform": HOSTILE, "innerscore": HOSTILE})
    changed = {"score": score, "environment": environment}
    yield board_examples.Entry(hostile.record.model_copy(update=changed), hostile.files)
    yield board_examples.failed("bo", "Elk2023." + HOSTILE, reason=HOSTILE)


def board_contents():
    """Cards of all, `bo` marked as one's own, `fay` of a hostile card, a clip for the first benchmark."""
    made = board_examples.contents(CANDIDATES, BENCHMARKS)
    hostile = board_examples.candidate_card(
        "fay", title=HOSTILE[:110], description=HOSTILE, authors=(HOSTILE,), licence=HOSTILE,
        citation=HOSTILE, model_class=HOSTILE, trained_on=HOSTILE, supervision=HOSTILE, training=HOSTILE,
    )  # fmt: skip
    frames = np.zeros((6, 16, 16, 3), dtype=np.uint8)
    frames[np.arange(6), 8, np.arange(6) * 2] = 255
    clip = Clip("image/apng", animated_png(frames, 10.0), animated_png(frames[:1], 1.0), "A dot that moves.")
    return board_examples.BoardContents(
        candidates={**made.candidates, "fay": hostile},
        benchmarks=made.benchmarks,
        datasets=made.datasets,
        metrics=made.metrics,
        own=frozenset({"bo"}),
        game=pong_game(Settings()),
        clip=lambda name: clip if name == BENCHMARKS[0] else None,
    )


@pytest.fixture(scope="session")
def board_store(tmp_path_factory):
    """The store; tests read it only."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'board.sqlite'}")
    store.add_all(entries())
    first = store.records(candidate="bo", benchmark=BENCHMARKS[2])[0]
    rng = np.random.default_rng(2)
    later = board_examples.entry(
        "bo", BENCHMARKS[2], 0.69, rng.standard_normal(200), rng,
        supersedes=first.record_sha256, created="2026-02-01T00:00:00+00:00",
    )  # fmt: skip
    store.add_all([later])
    return store


@pytest.fixture(scope="session")
def tall_board(tmp_path_factory):
    """The address of a written board of 120 x 16."""
    folder = tmp_path_factory.mktemp("tall")
    store = Store(f"sqlite:///{folder / 'board.sqlite'}")
    store.add_all(board_examples.many_entries(120, 16, n_resamples=5, n_targets=2))
    names = [f"candidate-{number:03d}" for number in range(120)]
    cards = board_examples.contents(names, board_examples.benchmark_names(16))
    site = Site(take_snapshot(store, cards), store, live=False)
    (folder / "table.html").write_bytes(site.document("table.html").body)
    shutil.copytree(Path(leaderboard.__file__).parent / "static", folder / "static")
    return f"{folder.as_uri()}/"


@pytest.fixture(scope="session")
def site_folder(board_store, tmp_path_factory):
    """The exported site."""
    folder = tmp_path_factory.mktemp("site") / "deep" / "board"
    made = board_contents()
    board = make_board(
        board_store.latest(), made.candidates, made.benchmarks, resamples=board_store.resamples
    )
    export_board(board, board_store, folder, site=lambda target: write_site(board_store, made, target))
    return folder


class Served:
    """A live server in a thread."""

    def __init__(self, app):
        # A browser that is kept waiting for the processor must not find its connection closed as idle.
        config = uvicorn.Config(app, port=0, log_config=None, access_log=False, timeout_keep_alive=600)
        self._socket = config.bind_socket()
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(60)
        self._socket.close()


@pytest.fixture
def serve():
    """Serves an app while a with block lasts."""
    return Served


@pytest.fixture(scope="session")
def live_url(board_store, tmp_path_factory):
    """Where the board is served."""
    folder = tmp_path_factory.mktemp("served")
    tokens, bundles = TokenFile(folder / "tokens.sqlite"), BundleStore(folder / "bundles")
    limits = Limits(reads_per_second=1000, read_burst=10_000)
    with Served(
        create_app(Store(board_store.url), board_contents(), tokens, bundles, limits=limits)
    ) as served:
        yield served.url


@pytest.fixture(scope="session")
def below_url(site_folder):
    """The exported site on a web server, below a sub-path."""
    with _served_folder(site_folder.parent.parent) as address:
        yield f"{address}deep/board/"


@pytest.fixture(scope="session")
def serve_folder():
    """Serves a folder while a with block lasts, which gives its address."""
    return _served_folder


@contextlib.contextmanager
def _served_folder(folder):
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def file_url(site_folder):
    """The exported site, from its folder."""
    return site_folder.as_uri() + "/"


@pytest.fixture(params=["live", "file", "below"])
def base(request):
    """Each test with it runs on the live server, from a folder, and on a web server below a sub-path."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["live", "file"])
def two_ways(request):
    """Each test with it runs on the live server and from a folder."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium; without it tests are skipped, under CI they fail."""
    program = shutil.which("chromium")
    if program is None:
        skip_or_fail("no Chromium here: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """Opens pages in a fresh context; afterwards no request has left the origin and no script has complained.

    Chromium complains of an answer's status too; `refusals` are those that a test provokes.
    """
    contexts, asked, complaints, origins = [], [], [], set()

    def opened(address, refusals=(), **options):
        def heard(said):
            provoked = any(f"a status of {status} " in said.text for status in refusals)
            if said.type == "error" and not provoked:
                complaints.append(said.text)

        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        origins.add(_origin(address))
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints
    assert {_origin(address) for address in asked if not address.startswith(("blob:", "data:"))} <= origins


@pytest.fixture(scope="session")
def serious_faults():
    """A function of a page that gives what axe-core finds serious or critical about it."""
    axe = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()

    def found(page):
        page.evaluate(axe)
        violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        serious = [one for one in violations if one["impact"] in ("serious", "critical")]
        return [(one["id"], one["nodes"][0]["html"]) for one in serious]

    return found


def _origin(address):
    parts = urlsplit(address)
    return parts.scheme, parts.netloc

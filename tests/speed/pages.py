"""The board's pages in a browser, at the server and as files, against what they may take.

Boards are made from a seed, records with 1,000 resamples and 40 targets each. Times of pages at the server are of
the process's own client, without a network; readers at once are other processes on the same cores.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import uvicorn
from limits import Limit

sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))
import board_examples
import store as store_works

from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.pages import Site, take_snapshot, write_site
from innerscore.leaderboard.queue import BundleStore
from innerscore.leaderboard.server import Limits, TokenFile, create_app
from innerscore.leaderboard.store import Store

_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_FOLDER = tempfile.TemporaryDirectory(prefix="innerscore-pages-")
_FREE = Limits(reads_per_second=1e6, read_burst=10**6, writes_per_second=1e6, write_burst=10**6)
_READERS, _SECONDS = 50, 20.0


@cache
def _board_store(n_candidates, n_benchmarks, n_resamples=1000):
    store = Store(f"sqlite:///{Path(_FOLDER.name) / f'{n_candidates}x{n_benchmarks}.sqlite'}")
    store.add_all(
        board_examples.many_entries(n_candidates, n_benchmarks, n_resamples=n_resamples, missing=0.05)
    )
    return store


def _contents(n_candidates, n_benchmarks):
    names = [f"candidate-{number:03d}" for number in range(n_candidates)]
    return board_examples.contents(names, board_examples.benchmark_names(n_benchmarks))


@contextmanager
def _served(store, contents):
    folder = Path(_FOLDER.name)
    tokens, bundles = TokenFile(folder / "tokens.sqlite"), BundleStore(folder / "bundles")
    app = create_app(store, contents, tokens, bundles, limits=_FREE)
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False)
    taken, server = config.bind_socket(), uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    while True:
        try:
            urllib.request.urlopen(address, timeout=600).read()
            break
        except OSError:
            time.sleep(0.1)
    yield address
    server.should_exit = True
    thread.join()
    taken.close()


def _in_browser(n_candidates, n_benchmarks, n_resamples=1000):
    """First paint and sorting, the best of three loads; the page's bytes as sent."""
    from playwright.sync_api import sync_playwright

    store, contents = (
        _board_store(n_candidates, n_benchmarks, n_resamples),
        _contents(n_candidates, n_benchmarks),
    )
    with _served(store, contents) as address, sync_playwright() as playwright:
        table = f"{address}table.html"
        request = urllib.request.Request(table, headers={"Accept-Encoding": "gzip"})
        page_bytes = len(urllib.request.urlopen(request).read())
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        taken = [_one_load(browser, table) for _ in range(3)]
        browser.close()
    best = {name: min(one[name] for one in taken) for name in taken[0]}
    return {**best, "page kB compressed": page_bytes / 1000}


_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_SORT = """async place => {
  document.querySelector('#open-all').click();
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const button = document.querySelectorAll('#board thead th')[place].querySelector('.sort');
  const start = performance.now();
  button.click();
  document.querySelector('#board').getBoundingClientRect();
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const seen = performance.now() - start;
  while (document.querySelector('#board').ariaBusy === 'true') await new Promise(done => setTimeout(done));
  return [seen, performance.now() - start];
}"""


def _one_load(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    paint = page.wait_for_function(_PAINT).json_value()
    collapsed = page.evaluate(_SORT.replace("document.querySelector('#open-all').click();", ""), 1)
    opened = page.evaluate(_SORT, 3)
    page.close()
    return {
        "first paint s": paint / 1000,
        "sort s": collapsed[1] / 1000,
        "sort with all columns open, rows in sight s": opened[0] / 1000,
        "sort with all columns open, all rows s": opened[1] / 1000,
    }


def _pages_at_server(n_records):
    """The slowest page of each kind, made anew, of a store with so many records."""
    store = store_works._filled(n_records)
    start = time.perf_counter()
    site = Site(take_snapshot(store, _no_cards()), store, live=True)
    for path in ("index.html", "table.html", "raw.html"):
        site.document(path)
    made = time.perf_counter() - start
    columns, names = list(site.snapshot.benchmarks), list(site.snapshot.candidates)
    addresses = {
        "board": ("index.html", ()),
        "board, sorted": ("table.html", (("sort", columns[0]), ("q", "1"))),
        "candidate": (f"candidates/{names[7]}.html", ()),
        "benchmark": (f"benchmarks/{columns[3]}.html", ()),
        "compare two": (f"compare/{names[1]}+{names[2]}.html", ()),
        "scatter": (f"scatter/{columns[0]}+{columns[1]}.html", ()),
        "history": (f"cells/{names[7]}/{columns[3]}.html", ()),
        "trust": ("trust.html", ()),
        "benchmarks": ("benchmarks.html", ()),
    }
    taken = {f"{name} s": _best_of_three(site, *address) for name, address in addresses.items()}
    return {**taken, "board made from nothing s": made}


def _best_of_three(site, path, query):
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        gzip.compress(site.document(path, query).body, 9)
        taken.append(time.perf_counter() - start)
    return min(taken)


def _no_cards():
    return board_examples.BoardContents()


def _read(address, paths, seconds, results):
    """One reader process: many connections in turn."""
    taken, stop = [], time.monotonic() + seconds
    threads = [threading.Thread(target=_reader, args=(address, paths, n, stop, taken)) for n in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(taken)


def _reader(address, paths, number, stop, taken):
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    rng = np.random.default_rng(number)
    with socket.create_connection((host, int(port))) as connection:
        stream = connection.makefile("rb")
        while time.monotonic() < stop:
            path = paths[int(rng.integers(len(paths)))]
            start = time.perf_counter()
            connection.sendall(
                f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
            )
            length = 0
            while (line := stream.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            stream.read(length)
            taken.append(time.perf_counter() - start)
            time.sleep(float(rng.uniform(0, 0.4)))


def _readers_and_a_writer(n_records):
    """Answer times with 50 readers, each pausing 0.2 s on average, and a writer with a record every 0.1 s."""
    store = store_works._filled(n_records)
    names = [f"candidate-{number:03d}" for number in range(300)]
    paths = [
        "index.html",
        "table.html",
        "raw.html",
        "benchmarks.html",
        "data.html",
        *[f"candidates/{n}.html" for n in names[:40]],
    ]
    paths += ["api/v1/records?limit=20", "api/v1/board?limit=100"]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    with _served(Store(store.url), _no_cards()) as address:
        for path in paths:
            urllib.request.urlopen(address + path).read()
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(store, stop))
        writer.start()
        readers = [
            context.Process(target=_read, args=(address, paths, _SECONDS, results))
            for _ in range(_READERS // 25)
        ]
        for reader in readers:
            reader.start()
        taken = np.concatenate([results.get() for _ in readers])
        stop.set()
        writer.join()
    quantiles = {f"p{q} s": float(np.percentile(taken, q)) for q in (50, 95, 99)}
    return {**quantiles, "requests a second": len(taken) / _SECONDS}


def _write(store, stop):
    rng = np.random.default_rng(11)
    while not stop.wait(0.1):
        seed = int(rng.integers(2**31))
        store.add_all(
            [
                board_examples.entry(
                    "writer", "Ant2020.A-made000", 0.5, rng.standard_normal(100), rng, seed=seed
                )
            ]
        )


def _static_export(n_candidates, n_benchmarks):
    store, contents = _board_store(n_candidates, n_benchmarks), _contents(n_candidates, n_benchmarks)
    folder = Path(_FOLDER.name) / "export"
    pages = []
    start = time.perf_counter()
    board = make_board(store.latest(), contents.candidates, contents.benchmarks, resamples=store.resamples)
    export_board(board, store, folder, site=lambda target: pages.append(write_site(store, contents, target)))
    taken = time.perf_counter() - start
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"whole export s": taken, "pages": pages[0], "MB": size / 1e6}


_PAINTED = {
    "first paint s": 1.0,
    "sort s": 0.3,
    "sort with all columns open, rows in sight s": 0.3,
    "page kB compressed": 150,
}
_ANY_PAGE = dict.fromkeys(
    (
        f"{kind} s"
        for kind in (
            "board, sorted", "candidate", "benchmark", "compare two", "scatter", "history", "trust", "benchmarks"
        )
    ),
    0.2,
)  # fmt: skip

LIMITS = [
    Limit("pages: board of 300 x 40 in Chromium", lambda: _in_browser(300, 40), _PAINTED),
    Limit(
        "pages: board of 1000 x 100 in Chromium", lambda: _in_browser(1000, 100, 20), {"first paint s": 2.0}
    ),
    Limit("pages: static export of 300 x 40", lambda: _static_export(300, 40), {"whole export s": 60}),
    *[
        Limit(f"pages: at the server, {n:,} records", lambda n=n: _pages_at_server(n), _ANY_PAGE)
        for n in (1_000, 10_000, 100_000)
    ],
    Limit(
        "pages: 50 readers and a writer, 100,000 records",
        lambda: _readers_and_a_writer(100_000),
        {"p99 s": 0.5},
    ),
]

if __name__ == "__main__":
    print(
        json.dumps(
            {limit.name: dict(limit.measure()) for limit in LIMITS if sys.argv[1] in limit.name}, indent=1
        )
    )

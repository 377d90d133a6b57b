"""Connections over sockets: none is held for long, by whatever a client sends or does not send."""

import contextlib
import json
import logging
import socket
import threading
import time

import pytest
import uvicorn
from board_examples import benchmark_names, contents

from innerscore.leaderboard.queue import BundleStore
from innerscore.leaderboard.server import ConnectionLimits, Limits, TokenFile, create_app, server_config
from innerscore.leaderboard.store import Store

LIMITS = ConnectionLimits(connections=12, of_one_address=6, head_seconds=1.0, request_seconds=2.0)
HEAD = "{method} /{path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n"


class Served:
    def __init__(self, folder, limits):
        self.lines = []
        logger = logging.getLogger(f"test.connections.{folder}")
        logger.setLevel(logging.INFO)
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(json.loads(record.getMessage()))
        logger.handlers[:] = [handler]
        self.tokens = TokenFile(folder / "tokens.sqlite")
        store = Store(f"sqlite:///{folder / 'board.sqlite'}")
        made = contents(("ada",), benchmark_names(1))
        bundles = BundleStore(folder / "bundles")
        app = create_app(store, made, self.tokens, bundles, limits=Limits(), logger=logger)
        self.taken = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(server_config(app, limits))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.taken]})

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()
        self.taken.close()

    @property
    def readers(self):
        """Who asked, by the log, which is written once the answer was."""
        deadline = time.monotonic() + 10
        while not self.lines and time.monotonic() < deadline:
            time.sleep(0.01)
        return [line["client"] for line in self.lines]

    def connect(self):
        return socket.create_connection(self.taken.getsockname(), timeout=20)

    def ask(self, path="health", method="GET", more=""):
        client = self.connect()
        client.sendall(HEAD.format(method=method, path=path, more=more).encode())
        return client


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path, LIMITS) as made:
        yield made


def seconds_until_closed(client, send=b"", every=0.1):
    """Time until the other side is gone, while something is sent again and again."""
    start = time.monotonic()
    client.settimeout(every)
    while time.monotonic() - start < 15:
        with contextlib.suppress(TimeoutError):
            try:
                client.sendall(send)
                if not client.recv(65536):
                    break
            except (ConnectionError, BrokenPipeError):
                break
    return time.monotonic() - start


def test_a_connection_that_says_nothing_or_too_slowly_is_closed(served):
    slow = served.connect()
    slow.sendall(b"GET / HTTP/1.1\r\n")
    assert 0.5 < seconds_until_closed(slow, b"X-A: b\r\n") < 14
    assert 0.5 < seconds_until_closed(served.connect()) < 14
    answered = served.ask()
    assert b" 200 " in answered.recv(1000)
    assert 0.5 < seconds_until_closed(answered) < 14


def test_a_body_that_does_not_end_is_ended(served):
    secret = served.tokens.create("a test", ("submissions:write",)).secret
    kind = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999999\r\n"
    with_token = served.ask("api/v1/submissions", "POST", f"{kind}Authorization: Bearer {secret}\r\n")
    assert 1 < seconds_until_closed(with_token, b"x") < 14
    without = served.ask("api/v1/submissions", "POST", kind)
    assert b" 401 " in without.recv(10_000)
    assert seconds_until_closed(without, b"x") < 14


def test_connections_of_one_address_are_bounded(tmp_path):
    with Served(tmp_path, ConnectionLimits(12, 6, head_seconds=60)) as made:
        held = [made.connect() for _ in range(6)]
        assert seconds_until_closed(made.connect()) < 14
        held[0].close()
        deadline = time.monotonic() + 14
        while not (answer := heard(made)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert b" 200 " in answer


def heard(made):
    """The answer to a request; nothing, if the connection was closed."""
    try:
        return made.ask().recv(1000)
    except ConnectionError:
        return b""


def test_a_proxy_brings_many_readers_and_is_believed_who_they_are(tmp_path):
    limits = ConnectionLimits(12, 2, head_seconds=60, proxies=frozenset({"127.0.0.1"}))
    said = "X-Forwarded-For: 192.0.2.7\r\n"
    with Served(tmp_path, limits) as made:
        held = [made.connect() for _ in range(5)]
        assert b" 200 " in made.ask(more=said).recv(1000)
        assert made.readers == ["192.0.2.7"]
        held += [made.connect() for _ in range(12)]
        assert seconds_until_closed(held[-1]) < 14


def test_who_is_no_proxy_is_not_believed(served):
    assert b" 200 " in served.ask(more="X-Forwarded-For: 192.0.2.7\r\n").recv(1000)
    assert served.readers == ["127.0.0.1"]


def test_what_is_no_request_gets_an_answer_that_closes_the_page(served):
    client = served.connect()
    client.sendall(b"nothing\r\n\r\n")
    answer = client.recv(10_000)
    assert b" 400 " in answer
    assert b"default-src 'none'" in answer

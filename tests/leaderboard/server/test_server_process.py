"""`innerscore board serve` as a process: loopback, readiness, a graceful end."""

import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from innerscore.leaderboard.server import TokenFile


@pytest.fixture
def process(tmp_path):
    command = [sys.executable, "-m", "innerscore", "board", "serve", "--port", "0"]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    line = started.stderr.readline()
    yield started, re.search(r"http://\S+/", line).group()
    started.kill()
    started.wait()


def test_it_serves_an_empty_board_on_loopback(process):
    _, address = process
    assert address.startswith("http://127.0.0.1:")
    page = httpx.get(address, timeout=60)
    assert page.status_code == 200
    assert "Nothing has been scored yet" in page.text
    assert httpx.get(address + "ready").status_code == 200


def test_a_request_that_has_begun_is_answered_after_sigterm_and_the_end_is_well(process, tmp_path):
    started, address = process
    secret = TokenFile(tmp_path / "data" / "tokens.sqlite").create("a test", ("records:write",)).secret
    body = b'--b\r\nContent-Disposition: form-data; name="record"\r\n\r\n{}\r\n--b--\r\n'
    head = (
        f"POST /api/v1/records HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(head.encode())
        assert b"100 Continue" in client.recv(1000)  # the request has begun; it waits for its body
        started.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert started.poll() is None
        client.sendall(body)
        assert b" 422 " in client.recv(10_000)
    assert started.wait(20) == 0


def test_a_port_that_is_taken_is_said(process):
    _, address = process
    port = address.rstrip("/").rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "-m", "innerscore", "board", "serve", "--port", port], capture_output=True, text=True
    )
    assert second.returncode == 3
    assert "free" in second.stderr

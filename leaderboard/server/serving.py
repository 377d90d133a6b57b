"""Running the service until it is told to stop, then ending what was begun."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from ...core.errors import InvalidArgumentError
from .connections import ConnectionLimits, protocol_of

__all__ = ["address_of", "listen", "log_to_stderr", "run_server", "server_config"]

_SECONDS_TO_FINISH = 10


def listen(host: str, port: int) -> socket.socket:
    """Take an address before anything slow is done; port 0 takes a free one.

    Raises
    ------
    InvalidArgumentError
        If it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen()
    except OSError as error:
        taken.close()
        raise InvalidArgumentError(
            "The address", got=f"{host}:{port} ({error.strerror})", needed="one of this machine that is free"
        ) from error
    return taken


def address_of(taken: socket.socket) -> str:
    """The address of a listening socket, as a browser takes it."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server_config(app: FastAPI, limits: ConnectionLimits | None = None) -> uvicorn.Config:
    """The settings of a server with bounded connections; it believes only its proxies who a reader is."""
    allowed = limits or ConnectionLimits()
    return uvicorn.Config(
        app,
        http=protocol_of(allowed),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(allowed.proxies),
        forwarded_allow_ips=sorted(allowed.proxies),
        timeout_keep_alive=int(allowed.head_seconds),
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )


def run_server(app: FastAPI, taken: socket.socket, limits: ConnectionLimits | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests that have begun are answered first.

    Parameters
    ----------
    app : FastAPI
    taken : socket.socket
        As :func:`listen` gave it; closed at the end.
    limits : ConnectionLimits, optional
    """
    config = server_config(app, limits)
    with _signals_end_nothing_else(), taken:
        uvicorn.Server(config).run(sockets=[taken])


def log_to_stderr() -> logging.Logger:
    """The service's logger, writing its lines of JSON to standard error."""
    logger = logging.getLogger("innerscore.server")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    return logger


@contextmanager
def _signals_end_nothing_else() -> Iterator[None]:
    """The server raises its signals again once it has stopped; by then they have done their work."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

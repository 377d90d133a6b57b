"""Running the service until it is told to stop, then ending what was begun."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from ...core.errors import InvalidArgumentError

__all__ = ["log_to_stderr", "run_server"]

_SECONDS_TO_FINISH = 10


def run_server(app: FastAPI, host: str, port: int, started: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests that have begun are answered first.

    Parameters
    ----------
    app : FastAPI
    host, port : str, int
        Where to listen; port 0 takes a free one.
    started : callable, optional
        Called with the address once the server listens.

    Raises
    ------
    InvalidArgumentError
        If the port cannot be had.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    with _signals_end_nothing_else():
        try:
            socket = config.bind_socket()
        except SystemExit as error:
            raise InvalidArgumentError(
                "The 'port' parameter",
                got=f"{host}:{port}, which is taken or not allowed",
                needed="a free port",
            ) from error
        if started is not None:
            shown = f"[{host}]" if ":" in host else host
            started(f"http://{shown}:{socket.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[socket])


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

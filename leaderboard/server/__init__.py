"""The service: pages and a typed interface over a store; reads are open, writes need a token."""

from .app import Limits, create_app, hosts_of
from .connections import ConnectionLimits
from .serving import address_of, listen, log_to_stderr, run_server, server_config
from .tokens import IssuedToken, TokenFile, TokenInfo

__all__ = [
    "ConnectionLimits",
    "IssuedToken",
    "Limits",
    "TokenFile",
    "TokenInfo",
    "address_of",
    "create_app",
    "hosts_of",
    "listen",
    "log_to_stderr",
    "run_server",
    "server_config",
]

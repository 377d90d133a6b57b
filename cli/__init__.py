"""The command line: one thin module a verb, science imported inside the commands only."""

from .app import main

__all__ = ["main"]

"""What a test does where this machine lacks a part that it runs against for real."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(message: str) -> NoReturn:
    """Skip the test and say what is missing; under CI, where nothing may be left out, fail it."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)

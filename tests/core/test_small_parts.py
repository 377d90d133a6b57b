"""Seeds, files and errors."""

import inspect

import numpy as np
import pytest
import torch

from innerscore.core import errors
from innerscore.core.files import atomic_path, write_bytes
from innerscore.core.memory import check_memory, free_memory_mb, memory_errors
from innerscore.core.seeds import child_seed, generator


def test_children_of_one_seed_differ_and_repeat():
    seeds = {
        child_seed(seed, *names) for seed in range(20) for names in [(), ("a",), ("b",), ("a", "b"), ("ab",)]
    }
    assert len(seeds) == 100
    assert child_seed(3, "spikes") == child_seed(3, "spikes")
    np.testing.assert_array_equal(generator(1, "x").random(3), generator(1, "x").random(3))


def test_the_seed_of_a_name_never_changes_between_versions():
    assert child_seed(0, "SimulatedDMFC", "spikes") == 5007385589811430122


def _interrupted_write(path):
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        _interrupted_write(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_work_that_needs_more_memory_than_is_free_is_refused():
    assert 0 < free_memory_mb() < 2**30
    check_memory("a small thing", 1.0)
    with pytest.raises(
        errors.MissingPartError, match="memory for a large thing must be about 1099511627776 MB"
    ):
        check_memory("a large thing", 2.0**40)
    with pytest.raises(errors.MissingPartError, match="got 10 MB free"):
        check_memory("work on a device", 11, free_mb=10)


@pytest.mark.parametrize("take", [lambda: np.ones(2**55), lambda: torch.empty(2**55)], ids=["numpy", "torch"])
def test_memory_that_ran_out_is_said_and_other_errors_pass(take):
    with (
        pytest.raises(errors.MissingPartError, match=r"memory for work .* Try again"),
        memory_errors("work", hint="Try again."),
    ):
        take()
    with pytest.raises(RuntimeError, match="another"), memory_errors("work", hint=""):
        raise RuntimeError("another")


def test_every_error_is_in_the_tree_and_has_the_documented_exit_code():
    expected = {
        "InvalidInputError": 3,
        "InvalidArgumentError": 3,
        "InvalidCardError": 3,
        "InvalidDataError": 3,
        "ChecksumError": 3,
        "UnfitRecordingError": 3,
        "InvalidRecordError": 3,
        "DuplicateNameError": 3,
        "CandidateError": 4,
        "ActivationError": 4,
        "LimitError": 4,
        "UnknownNameError": 5,
        "StoreError": 6,
        "MissingPartError": 7,
        "MissingExtraError": 7,
        "InnerscoreError": 1,
    }
    found = {
        name: kind.exit_code
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.InnerscoreError)
    }
    assert found == expected
    assert all(name in errors.__doc__ for name in expected)


def test_a_message_says_what_was_got_needed_and_to_do():
    error = errors.InvalidArgumentError("The 'x' parameter", got=3, needed="below 2", hint="Lower it.")
    assert str(error) == "The 'x' parameter must be below 2, got 3. Lower it."
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(("got", "shown"), [("no such file.", "no such file."), ("1 2 ...", "1 2 ....")])
def test_a_message_in_a_message_has_one_full_stop(got, shown):
    assert (
        str(errors.InvalidArgumentError("The file", got=got, needed="here"))
        == f"The file must be here, got {shown}"
    )

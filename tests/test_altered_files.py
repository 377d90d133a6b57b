"""Whatever is in a file, it is read as checked values or refused by name; studies/altered_files.py tries more."""

import numpy as np
import pytest
from altered_files import SLOW, altered, forms, outcome

FORMS = forms()
N_FILES = {True: 5, False: 60}  # those that take a process of their own, and others


@pytest.mark.parametrize("name", FORMS)
def test_a_whole_file_is_read(name, tmp_path):
    assert outcome(FORMS[name], FORMS[name].whole, tmp_path) == "read"


@pytest.mark.parametrize("name", FORMS)
def test_altered_files_are_read_or_refused_by_name(name, tmp_path):
    outcomes = set()
    for number in range(N_FILES[name.startswith(SLOW)]):
        data = altered(FORMS[name].whole, np.random.default_rng([number, 1]))
        folder = tmp_path / str(number)
        folder.mkdir()
        outcomes.add(outcome(FORMS[name], data, folder))
    assert outcomes - {"read"}

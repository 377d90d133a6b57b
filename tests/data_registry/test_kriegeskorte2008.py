"""On the real files."""

import numpy as np
import pytest
from rsatoolbox.rdm import RDMs, compare
from scipy.io import savemat
from scipy.stats import spearmanr

from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.core.labelled import coordinate
from innerscore.data_registry import load_dataset
from innerscore.data_registry.kriegeskorte2008 import loader


@pytest.fixture
def dataset(mirrored):
    return load_dataset("Kriegeskorte2008", mirrored)


def test_monkey_and_human_correlate_as_published(dataset):
    monkey, human = dataset.recording("IT").values[0], dataset.recording("humanIT-pooled").values[0]
    assert np.corrcoef(monkey, human)[0, 1] == pytest.approx(0.4912, abs=5e-5)
    assert spearmanr(monkey, human).statistic == pytest.approx(0.4389, abs=5e-5)
    theirs = compare(RDMs(monkey[None]), RDMs(human[None]), method="corr")
    assert theirs.item() == pytest.approx(0.4912, abs=5e-5)


def test_the_pooled_human_matrix_is_the_mean_of_the_subjects(dataset):
    """Two files, one in vectors and one in squares: equal only if the order of pairs is understood."""
    subjects = dataset.recording("humanIT")
    assert subjects.shape == (8, 4186)
    pooled = dataset.recording("humanIT-pooled").values[0]
    assert np.corrcoef(subjects.values.mean(axis=0), pooled)[0, 1] > 1 - 1e-9


def test_subjects_and_sessions_are_labelled(dataset):
    subjects = dataset.recording("humanIT")
    assert list(coordinate(subjects, "subject")) == ["BE", "BE", "KO", "KO", "SN", "SN", "TI", "TI"]
    assert set(coordinate(subjects, "session")) == {"Session: 1", "Session: 2"}


def test_images_have_their_labels(dataset):
    stimuli = dataset.stimuli()
    assert len(stimuli) == 92
    assert stimuli.stimuli[0].frames.shape == (1, 175, 175, 3)
    table = stimuli.table
    assert table["animal"].sum() == 48
    assert table["face"].sum() == 24
    assert (table.loc[table["human"], "animal"]).all()


def test_an_unknown_region_is_refused(dataset):
    with pytest.raises(InvalidArgumentError, match="'V1'"):
        dataset.recording("V1")


def test_a_file_without_its_variables_is_refused(tmp_path, dataset, monkeypatch):
    savemat(tmp_path / "other.mat", {"x": np.ones(3)})
    monkeypatch.setattr(loader, "locate_file", lambda *_: tmp_path / "other.mat")
    with pytest.raises(InvalidDataError, match="RDMs"):
        dataset.recording("humanIT")

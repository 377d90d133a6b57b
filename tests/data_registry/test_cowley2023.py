"""On the real files: V4 neurons under 640 images, a built-in data set of a card alone."""

import hashlib
import io
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

import innerscore
from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.errors import ChecksumError, InvalidDataError, MissingPartError
from innerscore.core.labelled import coordinate
from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset, registry
from innerscore.data_registry.declared_trials import trials
from innerscore.data_registry.sharing import withheld_datasets
from innerscore.workflows.board_contents import export_shareable
from innerscore.workflows.stored import open_store

RESPONSES, IMAGES = "responses_210325.npy", "images_210325.zip"


@pytest.fixture(scope="module")
def folder(mirror):
    return mirror / "cowley2023"


@pytest.fixture
def dataset(mirrored):
    return load_dataset("Cowley2023", mirrored)


@pytest.fixture
def copied(tmp_path, folder):
    """Settings with a mirror of the test's own, whose files may be changed."""
    (tmp_path / "mirror" / "cowley2023").mkdir(parents=True)
    for name in (RESPONSES, IMAGES):
        shutil.copyfile(folder / name, tmp_path / "mirror" / "cowley2023" / name)
    return Settings(
        data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", mirror=tmp_path / "mirror", offline=True
    )


def mirrored_file(settings, name):
    return settings.mirror / "cowley2023" / name


def kept_files(settings):
    return [
        path
        for root in (settings.data_dir, settings.cache_dir)
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".sqlite"
    ]


def test_every_response_is_that_of_its_neuron_image_and_repetition(dataset, folder):
    recorded, published = dataset.recording("V4"), np.load(folder / RESPONSES)
    assert recorded.attrs["units"] == "counts"
    assert set(coordinate(recorded, "animal")) == {"PE"}
    number = {clip.identifier: k for k, clip in enumerate(dataset.stimuli())}
    shown = [number[name] for name in coordinate(recorded, "stimulus_id")]
    repetition = coordinate(recorded, "repetition").astype(int)
    np.testing.assert_array_equal(recorded.values, published[:, shown, repetition].T)
    assert np.isfinite(recorded.values).sum() == np.isfinite(published).sum() == 50 * 4840


def test_the_39th_image_has_the_pixels_of_its_file(dataset, folder):
    stimuli = dataset.stimuli().stimuli
    assert (len(stimuli), stimuli[38].identifier) == (640, "image0039")
    with zipfile.ZipFile(folder / IMAGES) as archive:
        assert [clip.identifier for clip in stimuli] == [
            name.removesuffix(".jpg") for name in archive.namelist()
        ]
        body = archive.read("image0039.jpg")
    np.testing.assert_array_equal(stimuli[38].frames[0], np.asarray(Image.open(io.BytesIO(body))))


def test_neurons_are_as_reliable_as_published_trials_are(dataset):
    """Correlation of the means of every other presentation, corrected to full length by Spearman and Brown."""
    recorded = dataset.recording("V4")
    repetition = coordinate(recorded, "repetition").astype(int)
    halves = [
        np.nanmean([recorded.values[repetition == k] for k in range(first, 10, 2)], axis=0)
        for first in (0, 1)
    ]
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(halves[0].T, halves[1].T, strict=True)])
    reliability = 2 * r / (1 + r)
    assert np.median(reliability) == pytest.approx(0.77, abs=0.01)
    assert (reliability > 0.5).sum() == 50


@pytest.mark.parametrize("name", [RESPONSES, IMAGES])
def test_an_altered_byte_is_refused_and_nothing_is_kept(copied, name):
    path = mirrored_file(copied, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ChecksumError, match=rf"{name}.*SHA-256"):
        innerscore.score("pixels", "Cowley2023.V4-one-to-one", settings=copied)
    assert kept_files(copied) == []


@pytest.mark.parametrize("name", [RESPONSES, IMAGES])
def test_a_missing_file_is_named_with_its_address_and_nothing_is_kept(copied, name):
    mirrored_file(copied, name).unlink()
    with pytest.raises(MissingPartError, match=f"'{name}'.*V4_compact_models"):
        innerscore.score("pixels", "Cowley2023.V4-one-to-one", settings=copied)
    assert kept_files(copied) == []


def test_images_of_another_number_than_the_responses_are_refused_and_nothing_is_kept(copied, monkeypatch):
    path = mirrored_file(copied, IMAGES)
    with zipfile.ZipFile(path) as archive:
        pictures = {name: archive.read(name) for name in archive.namelist()[:-1]}
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in pictures.items():
            archive.writestr(name, body)
    card = registry(copied).find("Cowley2023").card
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    files = tuple(
        file.model_copy(update={"sha256": known}) if file.name == IMAGES else file for file in card.files
    )
    fewer = trials(card.model_copy(update={"files": files}), copied)
    with pytest.raises(InvalidDataError, match="each of the 639 stimuli, got 640 on the axis 'stimulus'"):
        fewer.recording("V4")
    benchmark = load_benchmark("Cowley2023.V4-one-to-one", copied)
    benchmark.dataset = fewer
    with pytest.raises(InvalidDataError, match="639"):
        benchmark(load_candidate("pixels", copied))
    assert kept_files(copied) == []


def test_a_file_that_the_card_does_not_name_is_not_read(copied):
    np.save(mirrored_file(copied, "responses_other.npy"), np.zeros(3))
    Image.fromarray(np.zeros((3, 5), np.uint8)).save(mirrored_file(copied, "more.png"))
    dataset = load_dataset("Cowley2023", copied)
    assert len(dataset.stimuli()) == 640
    assert dataset.recording("V4").sizes["neuroid"] == 50


def test_the_data_set_is_private_though_it_comes_with_the_package(settings):
    assert withheld_datasets(settings) == {"Cowley2023", "Sohn2019"}


def test_an_export_has_nothing_of_it(mirrored, tmp_path):
    store = open_store(mirrored)
    assert export_shareable(store, mirrored, tmp_path / "before")[2] == frozenset()
    innerscore.run(["pixels"], ["Cowley2023.V4-one-to-one"], settings=mirrored)
    assert [record.inputs.data.dataset for record in store.records()] == ["Cowley2023"]
    _, _, left_out = export_shareable(store, mirrored, tmp_path / "site")
    assert left_out == {"Cowley2023"}
    written = [path for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if b"Cowley" in path.read_bytes()] == []

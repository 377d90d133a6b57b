"""Labelled data and stimuli to brainscore-core's types and back."""

import numpy as np
import pytest
import xarray as xr
from brainscore_core.supported_data_standards.brainio.assemblies import DataAssembly, NeuroidAssembly
from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet
from PIL import Image

from innerscore.core.errors import InvalidDataError
from innerscore.core.labelled import dissimilarities, labelled_hash, recording
from innerscore.core.stimuli import FrameClip
from innerscore.integrations.brainscore.labelled import from_assembly, to_assembly
from innerscore.integrations.brainscore.stimuli import from_stimulus_set, to_stimulus_set


def in_time():
    return recording(
        np.arange(12.0).reshape(2, 3, 2),
        presentation={"stimulus_id": ["a", "b"], "condition": ["a", "b"], "repetition": [0, 0]},
        neuroid={"neuroid_id": ["1", "2", "3"], "animal": ["A"] * 3, "region": ["DMFC"] * 3},
        time_bin={"time_bin_start_ms": [0.0, 50.0], "time_bin_end_ms": [50.0, 100.0]},
        masks={"occluded": np.array([[True, False], [True, True]])},
        attrs={"units": "Hz"},
    )


def test_a_recording_makes_the_trip_and_comes_back_the_same():
    there = to_assembly(in_time())
    assert isinstance(there, NeuroidAssembly)
    assert there["time_bin_start"].values.tolist() == [0.0, 50.0]
    assert there.sel(neuroid_id="2").values[:, 0].tolist() == [[2.0, 3.0], [8.0, 9.0]]
    back = from_assembly(there)
    assert type(back) is xr.DataArray
    assert labelled_hash(back) == labelled_hash(in_time())
    assert back.attrs == {"units": "Hz"}


def test_dissimilarities_make_the_same_trip():
    ours = dissimilarities(
        np.ones((2, 3)),
        rdm={"subject": ["s", "t"], "session": ["1", "1"], "region": ["IT", "IT"]},
        pair={"stimulus_a": ["a", "a", "b"], "stimulus_b": ["b", "c", "c"]},
    )
    there = to_assembly(ours)
    assert isinstance(there, DataAssembly)
    assert labelled_hash(from_assembly(there, "dissimilarities")) == labelled_hash(ours)


def bare(**more):
    coords = {
        "stimulus_id": ("presentation", ["a", "b"]),
        "object_name": ("presentation", ["thing", "thing"]),
        "neuroid_id": ("neuroid", ["1"]),
        "region": ("neuroid", ["IT"]),
        **more,
    }
    return NeuroidAssembly(np.ones((2, 1)), dims=["presentation", "neuroid"], coords=coords)


def test_what_an_assembly_lacks_is_named_and_can_be_given():
    with pytest.raises(InvalidDataError, match=r"'repetition'.*none"):
        from_assembly(bare())
    with pytest.raises(InvalidDataError, match=r"'animal'.*none"):
        from_assembly(bare(repetition=("presentation", [0, 0])))
    given = {"repetition": ("presentation", 0), "animal": ("neuroid", "M")}
    labelled = from_assembly(bare(), given=given)
    assert labelled["condition"].values.tolist() == ["a", "b"]
    assert labelled["animal"].values.tolist() == ["M"]
    with pytest.raises(InvalidDataError, match="'presentation'"):
        from_assembly(DataAssembly([1.0], dims=["neuroid"], coords={"neuroid_id": ("neuroid", ["1"])}))


def clips():
    rng = np.random.default_rng(0)
    return [FrameClip(f"clip-{n}", rng.integers(0, 256, (n, 9, 12, 3), np.uint8), 60.0, 0.5) for n in (1, 3)]


def test_frames_are_images_of_a_stimulus_set_without_loss(tmp_path):
    shown = to_stimulus_set(clips(), tmp_path, identifier="two clips")
    assert isinstance(shown, StimulusSet)
    assert shown["clip"].tolist() == ["clip-1", "clip-3", "clip-3", "clip-3"]
    assert shown["frame"].tolist() == [0, 0, 1, 2]
    back = from_stimulus_set(shown, degrees=6.0)
    assert back.identifier == "two clips"
    assert [clip.identifier for clip in back.stimuli] == shown["stimulus_id"].tolist()
    np.testing.assert_array_equal(back.stimuli[3].frames[0], clips()[1].frames[2])
    assert back.stimuli[0].degrees_per_pixel == 0.5


def test_a_set_without_images_is_refused(tmp_path):
    shown = to_stimulus_set(clips(), tmp_path, identifier="two clips")
    shown.get_stimulus(shown["stimulus_id"][0]).write_bytes(b"no image")
    with pytest.raises(InvalidDataError, match="image file"):
        from_stimulus_set(shown, degrees=6.0)
    shown.identifier = None
    with pytest.raises(InvalidDataError, match="named"):
        from_stimulus_set(shown, degrees=6.0)


def test_a_grey_image_is_three_equal_channels(tmp_path):
    Image.fromarray(np.full((4, 8), 77, np.uint8)).save(tmp_path / "grey.png")
    shown = StimulusSet([{"stimulus_id": "grey", "filename": "grey.png"}])
    shown.identifier, shown.stimulus_paths = "one", {"grey": tmp_path / "grey.png"}
    (clip,) = from_stimulus_set(shown, degrees=4.0).stimuli
    assert clip.frames.shape == (1, 4, 8, 3)
    assert (clip.frames == 77).all()

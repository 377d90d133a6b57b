"""Full-size predictors: published checkpoints compute the same under our names, or are refused."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from innerscore.candidates import load_candidate
from innerscore.candidates.importing import latent as published
from innerscore.candidates.importing.latent import write_candidate
from innerscore.candidates.zoo.latent import full_size
from innerscore.candidates.zoo.latent.full_size import BACKBONES, Backbone, make_backbone, prepared
from innerscore.core.errors import InvalidArgumentError, InvalidDataError, MissingPartError
from innerscore.core.hashing import sha256_of_file
from innerscore.core.stimuli import FrameClip

UNITS, LATENTS = 6, 8
CLIP = FrameClip(
    "clip", np.random.default_rng(0).integers(0, 255, (12, 20, 30, 3), dtype=np.uint8), 5.0, 0.1, 9
)


def backbone(*_, **__):
    """Of the same kind as the large ones: 224 x 224 to a vector."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 16, stride=16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 8)
    )


class PublishedLSTM(nn.Module):
    """As the release names its parts."""

    def __init__(self):
        super().__init__()
        self.lstm, self.regressor = nn.LSTM(LATENTS, UNITS), nn.Linear(UNITS, LATENTS)

    def forward(self, window):
        _, (hidden, _) = self.lstm(window.transpose(0, 1))
        return self.regressor(hidden[0])


class ReleasedCell(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc_x2ah, self.fc_h2y = nn.Linear(LATENTS, UNITS), nn.Linear(UNITS, UNITS)
        self.fc_h2ah = nn.Linear(UNITS, UNITS, bias=False)
        self.ah0 = nn.Parameter(torch.randn(UNITS), requires_grad=False)


class PublishedCTRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.ctrnn, self.regressor = ReleasedCell(), nn.Linear(UNITS, LATENTS)

    def forward(self, window):
        cell = self.ctrnn
        ah = cell.ah0.repeat(len(window), 1)
        h = torch.tanh(ah).clamp(min=0)
        for x in window.transpose(0, 1):
            ah = ah + 0.1 * (-ah + cell.fc_h2ah(h) + cell.fc_x2ah(x))
            h = torch.tanh(ah).clamp(min=0)
        return self.regressor(cell.fc_h2y(h))


PUBLISHED = {"lstm": PublishedLSTM, "ctrnn": PublishedCTRNN}
PREFIX = {"r3m": "encoder.r3m.module.convnet.", "vc1": "encoder.vc1."}


@pytest.fixture
def _reduced(monkeypatch):
    """The large encoders cannot run here; the rest is the real thing at a smaller width."""
    small = {name: Backbone("small", LATENTS, published=True) for name in ("r3m", "vc1")}
    for module in (full_size, published):
        monkeypatch.setattr(module, "make_backbone", backbone)
        monkeypatch.setattr(module, "BACKBONES", small)
    monkeypatch.setattr(published, "N_UNITS", UNITS)
    monkeypatch.setattr(full_size.FullSizeNetwork.__init__, "__defaults__", (UNITS,))


def released(path, encoder, dynamics, **changes):
    """A checkpoint as released, and its parts."""
    torch.manual_seed(3)
    parts = backbone(), PUBLISHED[dynamics]()
    state = {PREFIX[encoder] + name: tensor for name, tensor in parts[0].state_dict().items()}
    state |= {f"dynamics.{name}": tensor for name, tensor in parts[1].state_dict().items()}
    torch.save({"state_dict": state | changes, "epoch": 100}, path)
    return parts


@pytest.mark.usefixtures("_reduced")
@pytest.mark.parametrize("encoder", ["r3m", "vc1"])
@pytest.mark.parametrize("dynamics", ["lstm", "ctrnn"])
def test_a_published_predictor_becomes_a_candidate_that_computes_the_same(
    tmp_path, settings, encoder, dynamics
):
    path = tmp_path / "released.pt"
    encode, predict = released(path, encoder, dynamics)
    card = write_candidate(tmp_path / "mine", encoder=encoder, dynamics=dynamics, checkpoint=path)
    assert sha256_of_file(path) in card.description
    found = load_candidate(str(tmp_path / "mine"), settings).activations([CLIP])[0]
    with torch.no_grad():
        latents = encode(prepared(CLIP, full_size.BACKBONES[encoder]))
        known = list(latents[:9])
        for _ in range(3):
            known.append(predict(torch.stack(known[-7:])[None])[0])
    np.testing.assert_allclose(found["encoder"].values, latents, atol=1e-5)
    np.testing.assert_allclose(found["dynamics"].values, torch.stack(known), atol=1e-5)


@pytest.mark.usefixtures("_reduced")
def test_damaged_foreign_and_missing_checkpoints_are_refused_before_anything_is_written(tmp_path):
    path, folder = tmp_path / "released.pt", tmp_path / "mine"
    released(path, "r3m", "lstm")
    wanted = {"encoder": "r3m", "dynamics": "lstm", "checkpoint": path}
    with pytest.raises(InvalidDataError, match="another architecture"):
        write_candidate(folder, **wanted | {"dynamics": "ctrnn"})
    released(path, "r3m", "lstm", **{"dynamics.extra": torch.zeros(1)})
    with pytest.raises(InvalidDataError, match=r"dynamics\.extra"):
        write_candidate(folder, **wanted)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InvalidDataError, match="whole torch checkpoint"):
        write_candidate(folder, **wanted)
    path.unlink()
    with pytest.raises(MissingPartError, match="no such file"):
        write_candidate(folder, **wanted)
    with pytest.raises(MissingPartError, match="no checkpoint"):
        write_candidate(folder, **wanted | {"checkpoint": None})
    assert not folder.exists()


def test_frames_are_resized_by_their_short_side_cut_in_the_middle_and_scaled():
    frames = np.zeros((1, 20, 40, 3), np.uint8)
    frames[:, :, 10:30] = (255, 0, 0)
    seen = prepared(FrameClip("half", frames, 1.0, 0.1), BACKBONES["deit"])
    assert seen.shape == (1, 3, 224, 224)
    mean, deviation = (np.array(part) for part in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    expected = (np.array([1.0, 0.0, 0.0]) - mean) / deviation
    np.testing.assert_allclose(seen[0, :, 100, 112].numpy(), expected, rtol=1e-3)


def test_without_the_extra_the_message_says_which(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingPartError, match="timm") as caught:
        make_backbone("dino", pretrained=False)
    assert caught.value.exit_code == 7


def test_an_unknown_encoder_is_refused():
    with pytest.raises(InvalidArgumentError, match="'encoder'"):
        make_backbone("resnet18", pretrained=False)

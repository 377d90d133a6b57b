"""Published checkpoints: nothing in them is run, and every tensor finds its place in the published network."""

import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from innerscore.candidates import load_candidate
from innerscore.candidates.checkpoints import read_checkpoint, renamed
from innerscore.candidates.importing.video import PUBLISHED, import_published
from innerscore.core.errors import ChecksumError, InvalidDataError, MissingPartError
from innerscore.core.hashing import sha256_of_file
from innerscore.tasks.mental_pong import sample_conditions
from innerscore.tasks.pong_frames import render_trial

# Names and shapes as the published code prints them, written down by hand; "bn" are five tensors.


def conv(name, n_in, n_out, kernel, *, bias=True, transposed=False):
    shape = (n_in, n_out) if transposed else (n_out, n_in)
    return {f"{name}.weight": (*shape, kernel, kernel)} | ({f"{name}.bias": (n_out,)} if bias else {})


def dense(name, n_in, n_out):
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def bn(name, n):
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (n,) for part in parts} | {f"{name}.num_batches_tracked": ()}


def cells(name, n_layers, n):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    shapes = ((4 * n, n), (4 * n, n), (4 * n,), (4 * n,))
    return {
        f"{name}.{layer}.{part}": shape
        for layer in range(n_layers)
        for part, shape in zip(names, shapes, strict=True)
    }


def cswm(maps=32, hidden=512, slots=10, units=128, side=224):
    shapes, widths = {}, [21, maps, maps, maps]
    for k, (n_in, n_out) in enumerate(pairwise(widths), start=1):
        shapes |= conv(f"obj_extractor.cnn{k}", n_in, n_out, 3) | bn(f"obj_extractor.ln{k}", n_out)
    shapes |= conv("obj_extractor.cnn4", maps, slots, 3)
    for k, (n_in, n_out) in enumerate([(side**2, hidden), (hidden, hidden), (hidden, units)], start=1):
        shapes |= dense(f"obj_encoder.fc{k}", n_in, n_out)
    shapes |= {"obj_encoder.ln.weight": (hidden,), "obj_encoder.ln.bias": (hidden,)}
    for name, n_in, n_out in (("edge", 2 * units, hidden), ("node", units + hidden, units)):
        mlp = f"transition_model.{name}_mlp"
        shapes |= dense(f"{mlp}.0", n_in, hidden) | dense(f"{mlp}.2", hidden, hidden)
        shapes |= {f"{mlp}.3.weight": (hidden,), f"{mlp}.3.bias": (hidden,)} | dense(
            f"{mlp}.5", hidden, n_out
        )
    return {f"model.{name}": shape for name, shape in shapes.items()}


def vgg(name, widths):
    found = {}
    for k, (n_in, n_out) in enumerate(pairwise(widths)):
        found |= conv(f"{name}.{k}.main.0", n_in, n_out, 3) | bn(f"{name}.{k}.main.1", n_out)
    return found


def svg(c=(64, 128, 256, 512, 512), g=128, h=256, z=10):
    shapes = vgg("encoder.c1", [3, c[0], c[0]]) | vgg("encoder.c2", [c[0], c[1], c[1]])
    for k in (3, 4, 5):
        shapes |= vgg(f"encoder.c{k}", [c[k - 2], *[c[k - 1]] * 3])
    shapes |= conv("encoder.c6.0", c[4], g, 4) | bn("encoder.c6.1", g)
    shapes |= conv("decoder.upc1.0", g, c[4], 4, transposed=True) | bn("decoder.upc1.1", c[4])
    shapes |= vgg("decoder.upc2", [2 * c[4], c[4], c[4], c[3]])
    shapes |= vgg("decoder.upc3", [2 * c[3], c[3], c[3], c[2]])
    shapes |= vgg("decoder.upc4", [2 * c[2], c[2], c[2], c[1]])
    shapes |= vgg("decoder.upc5", [2 * c[1], c[1], c[0]]) | vgg("decoder.upc6", [2 * c[0], c[0]])
    shapes |= conv("decoder.upc6.1", c[0], 3, 3, transposed=True)
    shapes |= dense("frame_predictor.embed", g + z, h) | cells("frame_predictor.lstm", 2, h)
    shapes |= dense("frame_predictor.output.0", h, g)
    for name in ("posterior", "prior"):
        shapes |= dense(f"{name}.embed", g, h) | cells(f"{name}.lstm", 1, h)
        shapes |= dense(f"{name}.mu_net", h, z) | dense(f"{name}.logvar_net", h, z)
    return shapes


def squeeze(name, n):
    inside = max(n // 16, 4)
    return conv(f"{name}.se.squeeze", n, inside, 1) | conv(f"{name}.se.expand", inside, n, 1)


def fitvid(c=64, g=128, h=256, z=10, expansion=4, kernel=5):
    channels, shapes, n_in = [c, 2 * c, 4 * c, 8 * c], {}, 3
    for i, n in enumerate(channels):
        for j in range(2):
            name = f"encoder.blocks.{i}.{j}"
            shapes |= conv(f"{name}.conv1", n_in, n, 3, bias=False) | conv(
                f"{name}.conv2", n, n, 3, bias=False
            )
            shapes |= conv(f"{name}.shortcut", n_in, n, 1, bias=False) | bn(f"{name}.normalize_input", n_in)
            shapes |= (
                bn(f"{name}.normalize_hidden", n) | bn(f"{name}.normalize_residual", n) | squeeze(name, n)
            )
            n_in = n
    for i, n in enumerate(reversed(channels)):
        for j in range(2):
            name, wide = f"decoder.blocks.{i}.{j}", n * expansion
            shapes |= conv(f"{name}.conv1", n_in, wide, 1, bias=False)
            shapes |= conv(f"{name}.conv2", wide, wide, kernel, bias=False)
            shapes |= conv(f"{name}.conv3", wide, n, 1, bias=False)
            shapes |= conv(f"{name}.shortcut", n_in, n, 1, bias=False) | bn(f"{name}.normalize_input", n_in)
            shapes |= bn(f"{name}.normalize_hidden1", wide) | bn(f"{name}.normalize_hidden2", wide)
            shapes |= (
                bn(f"{name}.normalize_output", n) | bn(f"{name}.normalize_residual", n) | squeeze(name, n)
            )
            n_in = n
    shapes |= dense("encoder.linear", 8 * c, g) | dense("decoder.linear", g, 8 * c * 64)
    shapes |= conv("decoder.output_conv", c, 3, 3, bias=False)
    for name, n_from, n_to, layers in (
        ("frame_predictor", g + z, g, 2),
        ("posterior", g, z, 1),
        ("prior", g, z, 1),
    ):
        shapes |= dense(f"{name}.embed", n_from, h) | cells(f"{name}.layers", layers, h)
        shapes |= dense(f"{name}.mean", h, n_to) | dense(f"{name}.logvar", h, n_to)
    return shapes


FULL = {"cswm-large-physion": cswm(), "svg-lp-128-physion": svg(), "fitvid-64-physion": fitvid()}
SMALL = {
    "cswm-large-physion": (
        cswm(maps=4, hidden=8, slots=3, units=5, side=64),
        {"n_maps": 4, "n_hidden": 8, "n_slots": 3, "n_units": 5, "size": 64},
    ),
    "svg-lp-128-physion": (
        svg(c=(2, 3, 4, 5, 6), g=7, h=8, z=3),
        {"channels": [2, 3, 4, 5, 6], "n_latent": 7, "n_hidden": 8, "n_noise": 3},
    ),
    "fitvid-64-physion": (
        fitvid(c=2, g=7, h=8, z=3, expansion=2, kernel=3),
        {"n_channels": 2, "n_latent": 7, "n_hidden": 8, "n_noise": 3, "expansion": 2, "kernel": 3},
    ),
}


def drawn(shapes):
    torch.manual_seed(2)
    tensors = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            tensors[name] = torch.tensor(7)
        elif name.endswith("running_var"):
            tensors[name] = torch.rand(shape) + 0.5
        else:
            tensors[name] = torch.randn(shape) * 0.3
    return tensors


def small(name):
    shapes, options = SMALL[name]
    published = PUBLISHED[name]
    return replace(published, options={**published.options, **options}), drawn(shapes)


def saved(path, tensors, **more):
    """As the published trainer writes it, on several devices."""
    state = {f"module.{name}": tensor for name, tensor in tensors.items()}
    torch.save({"epoch": 3, "state_dict": state, "results": {"losses": {"train": [0.5]}}, **more}, path)
    return path


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_at_full_size_every_published_tensor_has_its_place(name):
    published = PUBLISHED[name]
    with torch.device("meta"):
        state = published.build(**published.options).state_dict()
        tensors = {key: torch.empty(shape) for key, shape in FULL[name].items()}
    found = renamed(tensors, published.rules, subject="full size")
    assert {key: tuple(tensor.shape) for key, tensor in found.items()} == {
        key: tuple(tensor.shape) for key, tensor in state.items()
    }


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_a_checkpoint_becomes_a_candidate_with_its_hash(name, tmp_path, settings):
    published, tensors = small(name)
    path = saved(tmp_path / published.file, tensors)
    card = import_published(published, path, tmp_path / "made", sha256=sha256_of_file(path))
    assert sha256_of_file(path) in card.description
    candidate = load_candidate(str(tmp_path / "made"), settings)
    clip = render_trial(sample_conditions(2, n_bounce=1, seed=5)[0])
    activations = candidate.activations([clip])[0]
    assert tuple(activations) == card.layers
    for values in activations.values():
        assert len(values.values) == clip.n_steps


def by_names(tensors):
    """Functional layers on tensors by their published names."""

    def normal(name, x):
        return F.batch_norm(
            x, *(tensors[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        )

    def convolve(name, x, **how):
        return F.conv2d(x, tensors[f"{name}.weight"], tensors.get(f"{name}.bias"), **how)

    def linear(name, x):
        return F.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    return normal, convolve, linear


def made(name, tmp_path):
    published, tensors = small(name)
    network = published.build(**published.options).eval()
    path = saved(tmp_path / "checkpoint.pt", tensors)
    network.load_state_dict(renamed(read_checkpoint(path), published.rules, subject="small"))
    return network, tensors


@torch.no_grad()
def test_slots_are_those_of_the_published_network(tmp_path):
    network, tensors = made("cswm-large-physion", tmp_path)
    normal, convolve, linear = by_names({name.removeprefix("model."): t for name, t in tensors.items()})

    def layer_norm(name, x):
        return F.layer_norm(x, x.shape[-1:], tensors[f"model.{name}.weight"], tensors[f"model.{name}.bias"])

    windows = torch.rand(2, 7, 3, 64, 64)
    x = windows.reshape(2, 21, 64, 64)
    for k in (1, 2, 3):
        x = F.relu(normal(f"obj_extractor.ln{k}", convolve(f"obj_extractor.cnn{k}", x, padding=1)))
    x = torch.sigmoid(convolve("obj_extractor.cnn4", x, padding=1)).reshape(2, 3, -1)
    x = F.relu(linear("obj_encoder.fc1", x))
    slots = linear("obj_encoder.fc3", F.relu(layer_norm("obj_encoder.ln", linear("obj_encoder.fc2", x))))
    torch.testing.assert_close(network(windows), slots, atol=1e-5, rtol=1e-4)

    def mlp(name, x):
        name = f"transition_model.{name}_mlp"
        x = F.relu(linear(f"{name}.0", x))
        return linear(f"{name}.5", F.relu(layer_norm(f"{name}.3", linear(f"{name}.2", x))))

    for b in range(2):
        for i in range(3):
            received = sum(mlp("edge", torch.cat([slots[b, i], slots[b, j]])) for j in range(3) if j != i)
            expected = mlp("node", torch.cat([slots[b, i], received]))
            torch.testing.assert_close(network.change(slots)[b, i], expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_encoder_and_decoder_of_svg_are_those_of_the_published_network(tmp_path):
    network, tensors = made("svg-lp-128-physion", tmp_path)
    normal, convolve, _ = by_names(tensors)

    def stage(name, x):
        k = 0
        while f"{name}.{k}.main.0.weight" in tensors:
            x = F.leaky_relu(normal(f"{name}.{k}.main.1", convolve(f"{name}.{k}.main.0", x, padding=1)), 0.2)
            k += 1
        return x

    def back(name, x, **how):
        return F.conv_transpose2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], **how)

    frames = torch.rand(2, 3, 128, 128)
    x, skips = frames, []
    for k in range(1, 6):
        x = stage(f"encoder.c{k}", x)
        skips.append(x)
        x = F.max_pool2d(x, 2)
    latent = torch.tanh(normal("encoder.c6.1", convolve("encoder.c6.0", x))).flatten(1)
    found, found_skips = network.encoder(frames)
    torch.testing.assert_close(found, latent, atol=1e-5, rtol=1e-4)
    x = F.leaky_relu(normal("decoder.upc1.1", back("decoder.upc1.0", latent[:, :, None, None])), 0.2)
    for k in range(2, 7):
        x = torch.cat([F.interpolate(x, scale_factor=2), skips[6 - k]], dim=1)
        x = stage(f"decoder.upc{k}", x)
    expected = torch.sigmoid(back("decoder.upc6.1", x, padding=1))
    torch.testing.assert_close(network.decoder(found, found_skips), expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_encoder_and_decoder_of_fitvid_are_those_of_the_published_code(tmp_path):
    network, tensors = made("fitvid-64-physion", tmp_path)
    normal, convolve, linear = by_names(tensors)

    def weighted(name, x):
        y = F.relu(convolve(f"{name}.se.squeeze", x.mean(dim=(2, 3), keepdim=True)))
        return torch.sigmoid(convolve(f"{name}.se.expand", y)) * x

    frames = torch.rand(2, 3, 64, 64)
    x, skips = frames, {}
    for i in range(4):
        for j in range(2):
            name, stride = f"encoder.blocks.{i}.{j}", 2 if i and not j else 1
            y = convolve(
                f"{name}.conv1", F.silu(normal(f"{name}.normalize_input", x)), stride=stride, padding=1
            )
            y = convolve(f"{name}.conv2", F.silu(normal(f"{name}.normalize_hidden", y)), padding=1)
            y = weighted(name, y)
            if x.shape != y.shape:
                x = normal(f"{name}.normalize_residual", convolve(f"{name}.shortcut", x, stride=stride))
            x = skips[i, j] = F.silu(x + y)
    latent = linear("encoder.linear", x.mean(dim=(2, 3)))
    found, found_skips = network.encoder(frames)
    torch.testing.assert_close(found, latent, atol=1e-4, rtol=1e-4)
    x = linear("decoder.linear", latent).reshape(2, 16, 8, 8)
    for i in range(4):
        for j in range(2):
            name = f"decoder.blocks.{i}.{j}"
            x = F.interpolate(x, scale_factor=2) if i and not j else x
            y = convolve(f"{name}.conv1", normal(f"{name}.normalize_input", x))
            y = convolve(f"{name}.conv2", F.silu(normal(f"{name}.normalize_hidden1", y)), padding=1)
            y = convolve(f"{name}.conv3", F.silu(normal(f"{name}.normalize_hidden2", y)))
            y = weighted(name, normal(f"{name}.normalize_output", y))
            # As in the published code: the shortcut of the input is overwritten.
            x = normal(f"{name}.normalize_residual", y) if x.shape != y.shape else x
            x = F.silu(x + y) + skips[3 - i, 1 - j]
    expected = torch.sigmoid(convolve("decoder.output_conv", x, padding=1))
    torch.testing.assert_close(network.decoder(found, found_skips), expected, atol=1e-4, rtol=1e-3)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_code_in_a_checkpoint_is_never_run(tmp_path, capsys):
    _, tensors = small("cswm-large-physion")
    zipped = saved(tmp_path / "zipped.pt", tensors, optimizer=Evil())
    plain = tmp_path / "plain.pt"
    plain.write_bytes(pickle.dumps(Evil(), protocol=2))
    for path in (zipped, plain):
        with pytest.raises(InvalidDataError, match="hold code"):
            read_checkpoint(path)
    assert capsys.readouterr().out == ""


def test_a_damaged_missing_or_other_file_is_refused_and_nothing_is_written(tmp_path):
    published, tensors = small("cswm-large-physion")
    whole = saved(tmp_path / "whole.pt", tensors)
    cut = tmp_path / "cut.pt"
    cut.write_bytes(whole.read_bytes()[:-200])
    other = saved(tmp_path / "other.pt", small("fitvid-64-physion")[1])
    larger = saved(tmp_path / "larger.pt", {**tensors, "model.obj_encoder.fc3.bias": torch.zeros(6)})
    empty = tmp_path / "empty.pt"
    torch.save({"state_dict": {"a": 1}}, empty)
    for path, message in (
        (cut, "whole torch checkpoint"),
        (other, "another architecture"),
        (larger, "another architecture"),
        (empty, "no tensors by name"),
    ):
        with pytest.raises(InvalidDataError, match=message):
            import_published(published, path, tmp_path / "made")
    with pytest.raises(ChecksumError):
        import_published(published, whole, tmp_path / "made", sha256="0" * 64)
    with pytest.raises(MissingPartError):
        import_published(published, tmp_path / "nowhere.pt", tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["checkpoint.pt", "checkpoint.safetensors"])
def test_a_checkpoint_larger_than_memory_is_refused_before_it_is_read(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(2**42)  # 4 TiB that take no place
    with pytest.raises(MissingPartError, match=rf"memory for .*{name} must be about 8388608 MB"):
        read_checkpoint(path)


def test_a_safetensors_file_of_the_published_names_is_read_too(tmp_path):
    _, tensors = small("cswm-large-physion")
    save_file(tensors, tmp_path / "checkpoint.safetensors")
    found = read_checkpoint(tmp_path / "checkpoint.safetensors")
    assert found.keys() == tensors.keys()
    np.testing.assert_array_equal(found["model.obj_encoder.fc1.bias"], tensors["model.obj_encoder.fc1.bias"])

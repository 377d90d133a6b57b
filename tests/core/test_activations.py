import numpy as np
import pytest
import torch

from innerscore.core.activations import TimedValues, check_activations
from innerscore.core.errors import ActivationError
from innerscore.core.stimuli import FrameClip

CLIP = FrameClip("clip", np.zeros((6, 4, 4, 3), np.uint8), 60.0, 0.1)


class Unreadable:
    """An array-like that fails when numpy asks."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("on another machine")


def check(returned, layers=("a",)):
    return check_activations(returned, CLIP, candidate="mine", layers=layers)


def test_values_come_back_as_float32_with_the_stimulus_times():
    checked = check({"a": np.ones((6, 3))})
    assert checked["a"].values.dtype == np.float32
    np.testing.assert_allclose(checked["a"].times_ms, CLIP.times_ms)


def test_a_torch_tensor_will_do():
    assert check({"a": torch.ones(6, 3, requires_grad=True)})["a"].values.shape == (6, 3)


def test_bfloat16_comes_back_with_the_same_values():
    values = torch.tensor([[0.1, -3.0e38, 1e-30]] * 6).to(torch.bfloat16)
    np.testing.assert_array_equal(check({"a": values})["a"].values, values.float().numpy())


def test_a_layer_may_have_times_of_its_own():
    own = TimedValues(np.ones((2, 3)), np.array([0.0, 50.0]))
    np.testing.assert_allclose(check({"a": own})["a"].times_ms, [0, 50])


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([np.ones((6, 3))], "mapping of layer to array"),
        ({"b": np.ones((6, 3))}, "layers of its card"),
        ({"a": np.ones((6, 3)), "b": np.ones((6, 3))}, "layers of its card"),
        ({"a": np.ones((5, 3))}, "6 time steps"),
        ({"a": np.ones(6)}, r"real array \(time, units\)"),
        ({"a": np.ones((6, 0))}, "at least one unit"),
        ({"a": np.ones((6, 3), complex)}, r"real array \(time, units\)"),
        ({"a": np.array([["x"] * 3] * 6, object)}, r"real array \(time, units\)"),
        ({"a": np.full((6, 3), np.nan)}, "18 NaN or infinite of 18"),
        ({"a": np.full((6, 3), 1e300)}, "finite in float32"),
        ({"a": np.ma.masked_equal(np.arange(18.0).reshape(6, 3), 4)}, "1 of 18 entries masked"),
        ({"a": TimedValues(np.ones((2, 3)), np.ma.masked_equal([0.0, 50.0], 50))}, "1 of 2 entries masked"),
        ({"a": TimedValues(np.ones((2, 3)), np.array([50.0, 0.0]))}, "increasing"),
        ({"a": TimedValues(np.ones((2, 3)), np.array([0.0, 500.0]))}, "within 0..100"),
        ({"a": TimedValues(np.ones((2, 3)), np.array([0.0]))}, "1 time steps"),
        ({"a": TimedValues(np.ones((2, 3)), np.array(["0", "50"]))}, "numbers in ms"),
        ({"a": TimedValues(np.ones((0, 3)), np.array([]))}, "one at least"),
        ({"a": [[1.0, 2.0], [1.0]] * 3}, "rows of one length"),
        ({"a": [torch.ones(3, requires_grad=True)] * 6}, r"torch\.stack"),
        ({"a": torch.ones(6, 3).to_sparse()}, r"\.to_dense"),
        ({"a": torch.ones(6, 3, device="meta")}, "numpy array or a dense torch tensor"),
        ({"a": torch.ones(6, 3, dtype=torch.complex64)}, r"real array \(time, units\)"),
        ({"a": Unreadable()}, "numpy array or a dense torch tensor"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_a_stimulus_does_not_allow_is_refused_by_name(returned, message):
    with pytest.raises(ActivationError, match=message) as caught:
        check(returned)
    assert "'mine'" in str(caught.value)
    assert caught.value.exit_code == 4

"""The unit of an argument changes no result, or is refused, from 1e-30 to 1e30 (float64: from 1e-150 to 1e150)."""

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional import compare_rdms, linear_cka, procrustes_similarity, rdm

from .every_function import CALLS

EXPONENTS = {np.float32: (-30, -20, -8, 8, 20, 30), np.float64: (-150, -80, -30, 30, 80, 150)}
ARGUMENTS = [(name, argument) for name, call in CALLS.items() for argument in call.power]
# Of results of float32, and of those of float64 that pass through a correlation close to 1.
TOLERANCE = {np.float32: 2e-4, np.float64: 1e-7}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_the_unit_of_an_argument_changes_nothing_or_is_refused(name, argument, dtype):
    call = CALLS[name]
    floats = {
        key: value.astype(dtype) for key, value in call.arrays.items() if np.asarray(value).dtype.kind == "f"
    }
    want = call(**floats)
    for exponent in EXPONENTS[dtype]:
        scaled = {one: floats[one] * dtype(10.0**exponent) for one in argument.split()}
        got = call.answer(**floats | scaled)
        if isinstance(got, str):
            assert "scale" in got, (exponent, got)
            continue
        for part, value in want.items():
            power = call.field_power.get(argument, {}).get(part, call.power[argument])
            # In two steps, since 10^300 squared is beyond float64.
            back = (
                got[part] / 10.0 ** (exponent * min(power, 1)) / 10.0 ** (exponent * (power - min(power, 1)))
            )
            np.testing.assert_allclose(
                back,
                value,
                rtol=TOLERANCE[dtype],
                atol=TOLERANCE[dtype] * np.nanmax(np.abs(value), initial=0),
                err_msg=f"{part} at 1e{exponent}",
            )


def test_distances_of_large_float32_states_are_those_of_float64():
    states = np.random.default_rng(0).normal(size=(9, 6))
    for distance in ("correlation", "cosine", "euclidean"):
        unit = 1e35 if distance == "euclidean" else 1.0
        got = rdm((states * 1e35).astype(np.float32), distance=distance) / np.float32(unit)
        np.testing.assert_allclose(got, rdm(states, distance=distance), rtol=1e-5)


def test_states_of_unlike_size_keep_their_distances():
    states = np.random.default_rng(0).normal(size=(9, 6))
    sizes = 10.0 ** np.linspace(-30, 30, 9)
    for distance in ("correlation", "cosine"):
        got = rdm((states * sizes[:, None]).astype(np.float32), distance=distance)
        np.testing.assert_allclose(got, rdm(states, distance=distance), rtol=1e-5)


def test_distances_beyond_float32_are_refused():
    states = np.random.default_rng(0).normal(size=(5, 4))
    for size in (1e20, 1e-25):
        with pytest.raises(InvalidArgumentError, match="scale at which float32 holds sqeuclidean"):
            rdm((states * size).astype(np.float32), distance="sqeuclidean")


@pytest.mark.parametrize("measure", [linear_cka, procrustes_similarity])
def test_similarity_of_whole_representations_has_no_unit(measure):
    x, y = np.random.default_rng(0).normal(size=(2, 30, 40))
    want = measure(x, y)
    assert measure(x * 2.0**520, y * 2.0**-530) == want
    single = measure(x.astype(np.float32) * np.float32(1e37), y.astype(np.float32))
    np.testing.assert_allclose(single, want, rtol=1e-4)


def test_a_square_rdm_is_no_stack():
    square = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    with pytest.raises(InvalidArgumentError, match="upper triangle"):
        compare_rdms(square, square)

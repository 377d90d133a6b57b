"""Products with the shrinkages of many penalties, against the products one by one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from innerscore.metrics.functional.mapping._shrinkage import (
    combined_products,
    n_profiles,
    shrinkage_bands,
)


@given(
    n_components=st.integers(0, 300),
    decades=st.floats(0, 8),
    penalties=st.lists(st.floats(-9, 6), min_size=1, max_size=12),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
)
def test_equal_the_products_one_by_one_within_a_share_of_what_is_summed(
    n_components, decades, penalties, dtype, seed
):
    rng = np.random.default_rng(seed)
    values = np.sort(10 ** rng.uniform(0, decades, n_components))
    left, right = rng.normal(size=(5, n_components)), rng.normal(size=(n_components, 4))
    alphas = 10.0 ** np.array(penalties)
    given_values, given_left, given_right = (
        torch.from_numpy(part).to(dtype) for part in (values, left, right)
    )
    found = combined_products(given_left, shrinkage_bands(given_values, alphas.tolist()), given_right)
    assert found.dtype == dtype
    for product, alpha in zip(found.double().numpy(), alphas, strict=True):
        g = alpha / (given_values.double().numpy() + alpha)
        summed = np.abs(left) * g @ np.abs(right)
        tolerance = 1.2e-4 if dtype == torch.float32 else 1.1e-9
        assert (np.abs(product - left * g @ right) <= tolerance * summed).all()


@pytest.mark.parametrize(("decades", "most"), [(1, 0.35), (4, 0.6)])
def test_cost_less_than_the_products_one_by_one(decades, most):
    values = torch.from_numpy(np.geomspace(1, 10**decades, 2000)).float()
    bands = shrinkage_bands(values, np.geomspace(1e-1, 1e5, 10).tolist())
    assert sum(band.profiles.numel() for band in bands) <= most * 10 * 2000
    assert n_profiles(bands) < 80
    assert [band.components.start for band in bands[1:]] == [band.components.stop for band in bands[:-1]]

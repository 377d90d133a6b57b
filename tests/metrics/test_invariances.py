"""What must change no score, for every registered metric: the model's unit, orders, names, constant units, float32.

Raw value, ceiling and normalised value stay the same within ``TOLERANCE``, or the metric's card says under which of
these they change (its ``invariances``), and then by no more than ``STATED``.
"""

import numpy as np
import pytest
import xarray as xr

from innerscore.core.labelled import coordinate, coordinates_along
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric, registry

from . import test_behavioural_metrics as behavioural
from . import test_interval_metrics as intervals
from . import test_labelled_direction as direction
from . import test_labelled_space as space
from . import test_metrics as recorded

pytestmark = pytest.mark.once

CARDS = {name: entry.card for name, entry in registry(Settings()).entries().items()}
OPTIONS = {"pls": {"n_components": 3}, "rsa-factors": {"n_factors": 4}, "gridness": {"n_null": 20}}
JACKKNIFED = {"cka", "procrustes-shape"}
# Answers, endpoints and intervals are in a unit of their own, one number for each stimulus.
OF_ANSWERS = recorded.BEHAVIOURAL | set(intervals.PRODUCED)
TOLERANCE = 1e-6
# Activations as float32 are rounded by 6e-8 of their size; a chosen penalty may be its neighbour.
SINGLE = 1e-3
# Noise of other draws: units are made as noisy as recorded cells, and the draws follow their order.
STATED = 0.15


def _walks():
    """Positions in walks of three sets, and a model that knows them."""
    rng = np.random.default_rng(0)
    n_walks, n_steps = 30, 12
    walk = np.repeat([f"w{k:02d}" for k in range(n_walks)], n_steps)
    where = 0.5 + np.cumsum(rng.normal(scale=0.1, size=(len(walk), 2)), axis=0) % 0.5
    coords = {
        "stimulus_id": ("presentation", walk),
        "condition": ("presentation", walk),
        "walk_set": ("presentation", np.where(walk < "w16", "train", "same")),
        "time_bin_end_ms": ("presentation", np.tile(np.arange(1, n_steps + 1) * 500.0, n_walks)),
        "neuroid_id": ("neuroid", ["x", "y"]),
        "animal": ("neuroid", ["truth"] * 2),
        "region": ("neuroid", ["position"] * 2),
    }
    data = xr.DataArray(where[None], dims=["repetition", "presentation", "neuroid"], coords=coords)
    states = where @ rng.normal(size=(2, 6)) + 0.2 * rng.normal(size=(len(walk), 6))
    return rebuilt(recorded.model(np.zeros((1, 6))), states, like=data), data


def rebuilt(assembly, values=None, *, rows=None, columns=None, names=None, like=None):
    """The assembly with other values, samples and neuroids taken in another order, or other names."""
    data = assembly.values if values is None else values
    source = assembly if like is None else like
    coords = {}
    for dim, chosen in (("presentation", rows), ("neuroid", columns)):
        own = dim == "presentation" or (like is None and values is None)
        levels = {name: coordinate(source, name) for name in coordinates_along(source, dim)} if own else {}
        if dim == "neuroid" and not levels:
            levels = {"neuroid_id": np.arange(data.shape[-1]), "layer": np.array(["l"] * data.shape[-1])}
        for name, column in levels.items():
            named = column if names is None else names(name, column)
            coords[name] = (dim, named if chosen is None else named[chosen])
    if rows is not None:
        data = data[..., rows, :]
    if columns is not None:
        data = data[..., columns]
    return xr.DataArray(data, dims=assembly.dims, coords=coords, attrs=assembly.attrs)


def example(name):
    if name == "position-error":
        return _walks()
    if name in intervals.DECODED:
        return intervals.example(name)
    if name in recorded.SPATIAL:
        codes = [space.grid_code(24, seed) for seed in (1, 2)]
        return space.model(space.mixed_code(20, 5)), space.brain(codes)
    if name in recorded.DIRECTIONAL:
        rates = np.concatenate([direction.population(10, 30, seed) for seed in (0, 1)], axis=1)
        data = direction.samples(rates, np.repeat(["a", "b"], 40))
        return direction.model(direction.population(12, 20, 7)), data
    rng = np.random.default_rng(3)
    if name == "rsa-dissimilarities":
        return recorded.model(rng.normal(size=(30, 50))), recorded.rdms()
    noise = 0.5 * rng.normal(size=recorded.LATENT.shape)
    return recorded.model(recorded.LATENT + noise), recorded.brain()


def _prefixed(name, column):
    """Names that sort as before."""
    renamed = name in ("stimulus_id", "condition", "neuroid_id")
    return np.array([f"z-{label}" for label in column]) if renamed else column


def _scaled(factor):
    return lambda model, brain: (rebuilt(model, model.values * factor), brain)


def _units_reordered(model, brain):
    order = np.random.default_rng(1).permutation(model.sizes["neuroid"])
    return rebuilt(model, columns=order), brain


def _samples_reordered(model, brain):
    order = np.random.default_rng(1).permutation(model.sizes["presentation"])
    return rebuilt(model, rows=order), rebuilt(brain, rows=order)


def _renamed(model, brain):
    return rebuilt(model, names=_prefixed), rebuilt(brain, names=_prefixed)


def _constant_units_added(model, brain):
    constant = np.broadcast_to([0.0, 3.0], (model.sizes["presentation"], 2))
    return rebuilt(model, np.concatenate([model.values, constant], axis=1)), brain


def _float32(model, brain):
    return rebuilt(model, model.values.astype(np.float32)), brain


CHANGES = {
    **{f"scale {factor:g}": _scaled(factor) for factor in (1e-8, 1e-4, 1e4, 1e8)},
    "order of units": _units_reordered,
    "order of samples": _samples_reordered,
    "names": _renamed,
    "constant units": _constant_units_added,
    "float32": _float32,
}
# The pairs of published dissimilarities come in the order of their stimuli.
NOT_ASKED = {("rsa-dissimilarities", "order of samples"), ("rsa-dissimilarities", "names")}
CASES = [
    (name, change)
    for name in CARDS
    if name not in OF_ANSWERS
    for change in CHANGES
    if (name, change) not in NOT_ASKED
]


def values_of(name, model, brain, settings):
    resamples = {} if name in JACKKNIFED else {"n_boot": 20}
    metric = load_metric(name, settings, **resamples, **OPTIONS.get(name, {}))
    parts = metric(model, brain)
    return np.array([parts.raw.value, parts.ceiling.value, parts.normalised.value])


@pytest.fixture(scope="module")
def reference(settings_of_module):
    known = {}

    def of(name):
        if name not in known:
            known[name] = (*example(name), values_of(name, *example(name), settings_of_module))
        return known[name]

    return of


@pytest.mark.parametrize(("name", "change"), CASES)
def test_nothing_changes_beyond_what_the_card_says(name, change, reference, settings):
    model, brain, want = reference(name)
    got = values_of(name, *CHANGES[change](model, brain), settings)
    stated = change in CARDS[name].invariances
    limit = STATED if stated else SINGLE if change == "float32" else TOLERANCE
    np.testing.assert_allclose(got, want, rtol=0, atol=limit)


@pytest.mark.parametrize("name", sorted(recorded.BEHAVIOURAL))
def test_answers_may_come_in_any_order(name, settings):
    if name == "endpoint-consistency":
        pattern = np.random.default_rng(0).normal(size=40)
        data, target, conditions = behavioural.endpoints(pattern)
        answers = target + pattern
    else:
        data, conditions = behavioural.people(), behavioural.NAMES
        answers = np.clip(behavioural.TRUTH + 0.1, 0, 1)
    order = np.random.default_rng(1).permutation(len(conditions))
    metric = load_metric(name, settings, n_boot=20)
    # An animal's endpoints are trials, which are looked up by their condition.
    reordered = data if name == "endpoint-consistency" else data.isel(presentation=order)
    want, got = (
        metric(behavioural.one_column(answers[rows], conditions[rows]), people)
        for rows, people in ((np.arange(len(conditions)), data), (order, reordered))
    )
    assert got.raw.value == pytest.approx(want.raw.value, abs=TOLERANCE)
    assert got.normalised.value == pytest.approx(want.normalised.value, abs=TOLERANCE)

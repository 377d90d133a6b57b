"""A small call of every public function on arrays: what must hold for all of them is tested over this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
import torch

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics import functional


@dataclass(frozen=True)
class Call:
    """A call and how its result follows the scale of its arguments.

    Parameters
    ----------
    arrays : mapping of str to array
        The arguments that are arrays.
    power : mapping of str to int
        For each argument that has a unit (or several that share one, apart by spaces): the power with which the
        result follows its scale, in the fields of the result that are not in `field_power`.
    field_power : mapping of str to mapping of str to int
        The same for fields of their own, by argument.
    """

    run: Callable[..., Any]
    arrays: Mapping[str, Any]
    power: Mapping[str, int] = field(default_factory=dict)
    field_power: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __call__(self, **changed: Any) -> dict[str, np.ndarray]:
        """The result as named float64 arrays."""
        return flattened(self.run(**{**self.arrays, **changed}))

    def answer(self, **changed: Any) -> dict[str, np.ndarray] | str:
        """The result, or what the refusal says."""
        try:
            return self(**changed)
        except InvalidArgumentError as error:
            return str(error)


def flattened(result: Any) -> dict[str, np.ndarray]:
    """A float, array, tuple, list or dataclass as named float64 arrays."""
    if is_dataclass(result):
        parts = {f.name: getattr(result, f.name) for f in fields(result)}
    elif isinstance(result, tuple | list):
        parts = dict(enumerate(result))
    elif result is None or isinstance(result, str):
        return {}
    else:
        values = result.numpy() if isinstance(result, torch.Tensor) else result
        return {"": np.asarray(values, dtype=np.float64)}
    named = {}
    for name, part in parts.items():
        for below, value in flattened(part).items():
            named[f"{name}.{below}".rstrip(".")] = value
    return named


RNG = np.random.default_rng(0)
N, UNITS, TARGETS = 48, 6, 3
GROUPS = np.repeat(np.arange(12), 4)
X = RNG.normal(size=(N, UNITS))
Y = X[:, :TARGETS] + 0.5 * RNG.normal(size=(N, TARGETS))
TRIALS = Y[None] + 0.5 * RNG.normal(size=(4, N, TARGETS))
ANIMALS = np.array(["a", "b", "a"])
FOLDS = np.repeat(np.arange(4), 12)
RDMS = RNG.uniform(0.5, 1.5, size=(3, 45))  # of 10 states
SAMPLE = RNG.normal(size=40) + 2
TIMES = np.arange(600) * 0.1
PLACE = 0.5 + 0.4 * np.stack([np.sin(TIMES), np.cos(0.7 * TIMES)], axis=1)
MAPS = RNG.uniform(1, 2, size=(2, 16, 16))
GRID = np.stack(
    [np.cos(np.add.outer(np.arange(24) * a, np.arange(24) * b)) for a, b in ((1.1, 0.2), (0.7, 0.9))]
)


def _call(run: Callable[..., Any], /, power: Any = None, field_power: Any = None, **arrays: Any) -> Call:
    return Call(run, arrays, power or {}, field_power or {})


def _with(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    return lambda **arrays: function(**arrays, **options)


def _decoding(x: Any, y: Any, held_out: Any, fitted: Any) -> functional.Decoding:
    return functional.decode(x, y, held_out, fitted=fitted)


def _path(times: Any = TIMES, positions: Any = PLACE) -> functional.Trajectory:
    return functional.trajectory(times, positions, box_m=(1.0, 1.0))


def _decoded(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(y: Any, groups: Any, samples: Any) -> Any:
        held_out = functional.random_splits(GROUPS, n_splits=3)
        return function(functional.decode(X, y, held_out), y, groups, samples=samples, n_boot=5)

    return run


def _decoding_methods(y: Any, samples: Any) -> Any:
    decoding = functional.decode(X, Y, functional.random_splits(GROUPS, n_splits=3))
    return [decoding.r(y, samples)]


def _shuffled(path: Any, spike_times: Any) -> Any:
    measure = _with(lambda counts, path: functional.speed_score(path, counts), path=path)
    return functional.shuffle_control(path, spike_times, lambda counts: measure(counts=counts), n_shuffles=3)


_spikes = [np.sort(RNG.uniform(0, 59, 50)) for _ in range(2)]
_halves = np.stack([TRIALS[:2].mean(0), TRIALS[2:].mean(0)])
_answers = RNG.integers(0, 2, size=(2, 30))
_patterns = RNG.normal(size=(2, 3, 2, 12)) + RNG.normal(size=12)
_some = np.arange(N) % 3 > 0
_sums = functional.noise_corrected_predictivity(
    X, TRIALS, GROUPS, n_splits=2, n_outer=3, n_inner=3, return_sums=2
).sums
_features = RNG.normal(size=(30, 4))
_spacing = np.concatenate([RNG.normal(0.4, 0.01, 10), RNG.normal(0.8, 0.02, 10)])
_fast = {"n_outer": 3}

#: Every public function by name, more than once where it has several forms.
CALLS: dict[str, Call] = {
    "behavioural_consistency": _call(
        functional.behavioural_consistency, a=_patterns[0], b=_patterns[1], power={"a": 0, "b": 0}
    ),
    "bootstrap_agreement": _call(
        _with(functional.bootstrap_agreement, n_boot=5),
        probability=RNG.uniform(size=20),
        fraction=RNG.uniform(size=20),
        n_people=np.full(20, 50),
    ),
    "bootstrap_consistency": _call(
        _with(functional.bootstrap_consistency, n_boot=5),
        a=_patterns[0],
        b=_patterns[1],
        power={"a": 0, "b": 0},
    ),
    "bootstrap_decoding": _call(
        _decoded(functional.bootstrap_decoding), y=Y, groups=GROUPS, samples=_some, power={"y": 0}
    ),
    "bootstrap_decoding_skill": _call(
        _decoded(functional.bootstrap_decoding_skill), y=Y, groups=GROUPS, samples=_some, power={"y": 0}
    ),
    "bootstrap_error": _call(
        _with(functional.bootstrap_error, n_units=20), values=SAMPLE, power={"values": 1}
    ),
    "bootstrap_neural_ceiling": _call(
        lambda target_groups: functional.bootstrap_neural_ceiling(_sums, target_groups, n_boot=5),
        target_groups=ANIMALS,
    ),
    "bootstrap_noise_corrected_predictivity": _call(
        lambda target_groups: functional.bootstrap_noise_corrected_predictivity(
            _sums, target_groups, n_boot=5
        ),
        target_groups=ANIMALS,
    ),
    "bootstrap_predictivity": _call(
        _with(functional.bootstrap_predictivity, n_boot=5),
        prediction=X[:, :TARGETS],
        y=Y,
        groups=GROUPS,
        folds=FOLDS,
        target_groups=ANIMALS,
    ),
    "bootstrap_skill": _call(
        _with(functional.bootstrap_skill, n_boot=5),
        error=np.abs(SAMPLE),
        chance=np.full(40, 3.0),
        walks=GROUPS[:40],
        power={"error chance": 0},
    ),
    "bootstrap_t_interval": _call(
        lambda values, errors: functional.bootstrap_t_interval(2.0, 0.5, values, errors, unit="conditions"),
        values=SAMPLE,
        errors=np.abs(SAMPLE),
    ),
    "cohen_kappa": _call(functional.cohen_kappa, a=_answers[0], b=_answers[1]),
    "condition_sums": _call(functional.condition_sums, a=Y, b=X[:, :TARGETS], groups=GROUPS),
    "consecutive_splits": _call(functional.consecutive_splits, groups=GROUPS),
    "decode": _call(
        _decoding,
        x=X,
        y=Y,
        held_out=functional.random_splits(GROUPS, n_splits=3),
        fitted=_some,
        power={"x": 0, "y": 1},
        field_power={"y": {"held_out": 0}},
    ),
    "Decoding": _call(_decoding_methods, y=Y, samples=_some, power={"y": 0}),
    "error_over_time": _call(
        functional.error_over_time,
        error=np.abs(SAMPLE),
        time=np.linspace(0.1, 10, 40),
        edges=np.array([0.0, 5.0, 10.0]),
        power={"error": 1},
    ),
    "find_grid_modules": _call(
        _with(functional.find_grid_modules, n_boot=5, max_modules=2),
        spacing=_spacing,
        orientation=RNG.uniform(0, 5, 20),
    ),
    "fraction_reliability": _call(
        functional.fraction_reliability, fraction=RNG.uniform(size=20), n_people=np.full(20, 50)
    ),
    "half_response_sums": _call(
        _with(functional.half_response_sums, n_splits=2), trials=TRIALS, groups=GROUPS, folds=GROUPS % 3
    ),
    "held_out_reliability": _call(
        _with(functional.held_out_reliability, n_splits=3),
        trials=TRIALS,
        folds=GROUPS % 3,
        power={"trials": 0},
    ),
    "held_out_readout": _call(
        functional.held_out_readout, x=X, y=Y, groups=GROUPS, folds=GROUPS % 3, power={"x": 0, "y": 1}
    ),
    "hierarchical_bootstrap": _call(
        _with(functional.hierarchical_bootstrap, n_boot=5),
        values=SAMPLE,
        groups=np.arange(40) % 3,
        power={"values": 1},
    ),
    "holm": _call(functional.holm, p_values=np.array([0.01, 0.04, 0.03])),
    "inter_animal_consistency": _call(
        _with(functional.inter_animal_consistency, n_splits=2, n_outer=3, n_inner=3),
        trials=TRIALS,
        target_groups=ANIMALS,
        groups=GROUPS,
    ),
    "inter_animal_consistency_from_halves": _call(
        _with(functional.inter_animal_consistency_from_halves, n_outer=3, n_inner=3),
        y=Y,
        halves=_halves,
        target_groups=ANIMALS,
        groups=GROUPS,
    ),
    "linear_cka": _call(functional.linear_cka, x=X, y=Y, power={"x": 0, "y": 0}),
    "linear_cka-of-samples": _call(functional.linear_cka, x=X[:7], y=Y[:7], power={"x": 0, "y": 0}),
    "linear_cka-biased": _call(
        _with(functional.linear_cka, debiased=False), x=X, y=Y, power={"x": 0, "y": 0}
    ),
    "logistic_readout": _call(
        functional.logistic_readout,
        train=_features + 2 * (np.arange(30) % 2)[:, None],
        labels=np.arange(30) % 2,
        test=_features,
    ),
    "noise_corrected_predictivity": _call(
        _with(functional.noise_corrected_predictivity, n_splits=2, n_outer=3, n_inner=3),
        x=X,
        trials=TRIALS,
        groups=GROUPS,
    ),
    "noise_corrected_predictivity_from_halves": _call(
        _with(functional.noise_corrected_predictivity_from_halves, n_outer=3, n_inner=3),
        x=X,
        y=Y,
        halves=_halves,
        groups=GROUPS,
    ),
    "noise_corrected_rsa": _call(
        functional.noise_corrected_rsa,
        model_rdm=RDMS,
        brain_rdm=RDMS.mean(0),
        half_1=RDMS[:2].mean(0),
        half_2=RDMS[1:].mean(0),
        power={"model_rdm": 0, "brain_rdm": 0, "half_1": 0, "half_2": 0},
    ),
    "ols_predictivity": _call(
        _with(functional.ols_predictivity, return_prediction=True, **_fast),
        x=X,
        y=Y,
        groups=GROUPS,
        power={"x": 0, "y": 0},
        field_power={"y": {"prediction": 1}},
    ),
    "ols_predictivity-folds": _call(functional.ols_predictivity, x=X, y=Y, groups=GROUPS, folds=FOLDS),
    "one_to_one_predictivity": _call(
        _with(functional.one_to_one_predictivity, **_fast), x=X, y=Y, groups=GROUPS
    ),
    "paired_difference": _call(
        _with(functional.paired_difference, unit="conditions", n_boot=50, n_permutations=50),
        first=SAMPLE,
        second=SAMPLE[::-1] ** 2 / 3,
        groups=np.arange(40) % 2,
        power={"first second": 0},
        field_power={"first second": {"difference": 1, "interval.low": 1, "interval.high": 1}},
    ),
    "partial_compare_rdms": _call(
        functional.partial_compare_rdms,
        a=RDMS[0],
        b=RDMS[1],
        nuisance=RDMS[2],
        power={"a": 0, "b": 0, "nuisance": 0},
    ),
    "percentile_interval": _call(
        _with(functional.percentile_interval, unit="conditions"),
        values=SAMPLE,
        power={"values": 1},
        field_power={"values": {"level": 0}},
    ),
    "pls_predictivity": _call(
        _with(functional.pls_predictivity, n_components=3, return_prediction=True, **_fast),
        x=X,
        y=Y,
        groups=GROUPS,
        power={"x": 0, "y": 0},
        field_power={"y": {"prediction": 1}},
    ),
    "position_skill": _call(functional.position_skill, error=np.abs(SAMPLE), chance=np.full(40, 3.0)),
    "principal_components": _call(
        lambda x: np.abs(functional.principal_components(x, 3)), x=X, power={"x": 1}
    ),
    "principal_components-wide": _call(
        lambda x: np.abs(functional.principal_components(x, 3)), x=X[:5], power={"x": 1}
    ),
    "procrustes_predictivity": _call(
        _with(functional.procrustes_predictivity, return_prediction=True, **_fast),
        x=X,
        y=Y,
        groups=GROUPS,
        power={"x": 0, "y": 0},
        field_power={"y": {"prediction": 1}},
    ),
    "procrustes_similarity": _call(functional.procrustes_similarity, x=X, y=Y, power={"x": 0, "y": 0}),
    "procrustes_similarity-wide": _call(
        functional.procrustes_similarity, x=X[:5], y=Y[:5], power={"x": 0, "y": 0}
    ),
    "random_splits": _call(_with(functional.random_splits, n_splits=3), groups=GROUPS),
    "rank_ranges": _call(
        _with(functional.rank_ranges, n_permutations=500),
        scores=RNG.normal(size=(3, 20)) + np.arange(3)[:, None],
        power={"scores": 0},
        field_power={"scores": {"mean": 1}},
    ),
    "read_out_position": _call(
        functional.read_out_position,
        x=X,
        position=Y[:, :2],
        walks=GROUPS,
        fitted=GROUPS < 8,
        power={"x": 0},
        field_power={"x": {"alpha": 2}},
    ),
    "residual_errors": _call(
        functional.residual_errors,
        response=SAMPLE,
        target=SAMPLE[::-1] ** 2,
        power={"response": 1, "target": 0},
    ),
    "ridge_predictivity": _call(
        _with(functional.ridge_predictivity, n_outer=3, n_inner=3), x=X, y=Y, groups=GROUPS
    ),
    "relative_speeds": _call(functional.relative_speeds, x=X, conditions=GROUPS, reference=5, power={"x": 0}),
    "rsa_noise_ceiling": _call(functional.rsa_noise_ceiling, rdms=RDMS, power={"rdms": 0}),
    "rsa_two_factor_intervals": _call(
        _with(functional.rsa_two_factor_intervals, n_boot=20),
        models=RDMS[:2],
        data=RDMS,
        power={"models": 0, "data": 0},
    ),
    "spearman_brown": _call(functional.spearman_brown, r=np.array([0.2, 0.5])),
    "split_half_reliability": _call(
        _with(functional.split_half_reliability, n_splits=3), trials=TRIALS, power={"trials": 0}
    ),
    "split_half_reliability-missing": _call(
        _with(functional.split_half_reliability, n_splits=3),
        trials=np.where(np.arange(N)[:, None] == np.arange(4)[:, None, None], np.nan, TRIALS),
        power={"trials": 0},
    ),
    "stratified_halves": _call(_with(functional.stratified_halves, n_repeats=2), groups=GROUPS),
    "two_factor_error": _call(
        _with(functional.two_factor_error, n_first=20, n_second=20),
        both=SAMPLE,
        first=SAMPLE[::-1].copy() / 2,
        second=SAMPLE**2 / 5,
        power={"both first second": 1},
    ),
    # Space
    "activity_map": _call(
        lambda times, positions, activity: functional.activity_map(
            _path(times, positions), activity, bin_m=0.2
        ),
        times=TIMES,
        positions=PLACE,
        activity=RNG.uniform(1, 2, size=(600, 2)),
        power={"activity": 1},
        field_power={
            "activity": {"occupancy_s": 0, "bin_m.0": 0, "bin_m.1": 0, "n_dropped_samples": 0, "n_silent": 0}
        },
    ),
    "autocorrelation_half_width": _call(
        functional.autocorrelation_half_width, autocorrelation=functional.spatial_autocorrelation(GRID)
    ),
    "border_score": _call(functional.border_score, rate_map=MAPS, power={"rate_map": 0}),
    "grid_ellipticity": _call(
        functional.grid_ellipticity, autocorrelation=functional.spatial_autocorrelation(GRID)
    ),
    "grid_lattice": _call(functional.grid_lattice, autocorrelation=functional.spatial_autocorrelation(GRID)),
    "grid_orientation": _call(
        functional.grid_orientation, autocorrelation=functional.spatial_autocorrelation(GRID)
    ),
    "grid_score": _call(functional.grid_score, autocorrelation=functional.spatial_autocorrelation(GRID)),
    "grid_spacing": _call(functional.grid_spacing, autocorrelation=functional.spatial_autocorrelation(GRID)),
    "head_direction_tuning": _call(
        functional.head_direction_tuning,
        counts=RNG.poisson(1.0, size=(2, 600)).astype(float),
        head_direction=TIMES % (2 * np.pi) - np.pi,
        durations=np.full(600, 0.1),
        power={"counts": 0},
        field_power={"counts": {"rates": 1}},
    ),
    "rate_map": _call(
        lambda times, positions, spikes: functional.rate_map(_path(times, positions), [spikes], bin_m=0.2),
        times=TIMES,
        positions=PLACE,
        spikes=_spikes[0],
    ),
    "shuffle_control": _call(lambda spikes: _shuffled(_path(), [spikes]), spikes=_spikes[0]),
    "smoothed_noise": _call(lambda: functional.smoothed_noise(2.0, (9, 9), n_maps=3)),
    "spatial_autocorrelation": _call(
        functional.spatial_autocorrelation, rate_map=MAPS, power={"rate_map": 0}
    ),
    "spatial_coherence": _call(functional.spatial_coherence, rate_map=MAPS, power={"rate_map": 0}),
    "spatial_information": _call(
        functional.spatial_information,
        rate_map=MAPS,
        occupancy=np.ones((16, 16)),
        power={"rate_map": 0, "occupancy": 0},
        field_power={"rate_map": {"bits_per_second": 1, "mean_rate": 1}},
    ),
    "spatial_periodicity": _call(
        functional.spatial_periodicity, autocorrelation=functional.spatial_autocorrelation(GRID)
    ),
    "speed_score": _call(
        lambda counts: functional.speed_score(_path(), counts),
        counts=RNG.poisson(1.0, size=(2, 600)).astype(float),
        power={"counts": 0},
    ),
    "spike_counts": _call(lambda spikes: functional.spike_counts(_path(), [spikes]), spikes=_spikes[0]),
    "sublattice_index": _call(functional.sublattice_index, vectors=MAPS[:, :2, :2], reference=np.eye(2)),
    "trajectory": _call(_path, times=TIMES, positions=PLACE),
}
for _distance in functional.RDM_DISTANCES:
    _states = np.stack([X[:9], X[9:18]]) if _distance == "crossnobis" else X[:9]
    _power = {"euclidean": 1, "mahalanobis": 1, "sqeuclidean": 2, "crossnobis": 2}.get(_distance, 0)
    CALLS[f"rdm-{_distance}"] = _call(
        _with(functional.rdm, distance=_distance), x=_states, power={"x": _power}
    )
CALLS["rdm-precision"] = _call(
    _with(functional.rdm, distance="mahalanobis"),
    x=X[:9],
    noise_precision=np.eye(UNITS) + 0.2,
    power={"x": 1},
)
for _method in functional.RDM_COMPARISONS:
    CALLS[f"compare_rdms-{_method}"] = _call(
        _with(functional.compare_rdms, method=_method), a=RDMS[0], b=RDMS[1:], power={"a": 0, "b": 0}
    )
    for _over in ("conditions", "rdms"):
        if _method.startswith("whitened") and _over == "conditions":
            continue
        _options = {"n_boot": 4, "method": _method, "over": _over}
        CALLS[f"bootstrap_rsa-{_method}-{_over}"] = _call(
            _with(functional.bootstrap_rsa, **_options),
            models=RDMS[:2],
            data=RDMS,
            power={"models": 0, "data": 0},
        )
        if _over == "conditions":
            CALLS[f"bootstrap_paired_rsa-{_method}"] = _call(
                _with(functional.bootstrap_paired_rsa, n_boot=4, method=_method),
                first=RDMS[:2],
                second=RDMS[1:3],
                power={"first": 0, "second": 0},
            )
        CALLS[f"bootstrap_rsa_ceiling-{_method}-{_over}"] = _call(
            _with(functional.bootstrap_rsa_ceiling, **_options), data=RDMS, power={"data": 0}
        )

"""Metrics as pure functions: arrays in (numpy or torch, on the CPU or a GPU), arrays or small frozen results out.

``docs/metrics.md`` shows each with its formula, when to use it and when not.
"""

from .behaviour.error_consistency import (
    BehaviouralConsistency,
    behavioural_consistency,
    bootstrap_consistency,
    cohen_kappa,
    residual_errors,
    stratified_halves,
)
from .behaviour.judgements import FractionReliability, bootstrap_agreement, fraction_reliability
from .decoding.bootstrap import bootstrap_decoding, bootstrap_decoding_skill
from .decoding.decoding import (
    Decoding,
    consecutive_splits,
    decode,
    principal_components,
    random_splits,
)
from .decoding.held_out_readout import held_out_readout
from .decoding.logistic_readout import READOUT_PENALTIES, LogisticReadout, logistic_readout
from .decoding.path_integration import (
    PositionReadout,
    bootstrap_skill,
    error_over_time,
    position_skill,
    read_out_position,
)
from .mapping._condition_sums import ConditionSums, condition_sums
from .mapping.bootstrap import (
    BootstrapResult,
    bootstrap_neural_ceiling,
    bootstrap_noise_corrected_predictivity,
    bootstrap_predictivity,
)
from .mapping.inter_animal_consistency import (
    Consistency,
    inter_animal_consistency,
    inter_animal_consistency_from_halves,
)
from .mapping.least_squares import ols_predictivity
from .mapping.noise_ceiling import half_response_sums, held_out_reliability
from .mapping.noise_correction import (
    NoiseCorrectedPredictivity,
    noise_corrected_predictivity,
    noise_corrected_predictivity_from_halves,
)
from .mapping.one_to_one import one_to_one_predictivity
from .mapping.pls import pls_predictivity
from .mapping.procrustes import procrustes_predictivity
from .mapping.ridge import Predictivity, ridge_predictivity
from .rsa.bootstrap import bootstrap_paired_rsa, bootstrap_rsa, bootstrap_rsa_ceiling
from .rsa.compare_rdms import RDM_COMPARISONS, compare_rdms, partial_compare_rdms
from .rsa.noise_ceiling import NoiseCorrectedRsa, RsaCeiling, noise_corrected_rsa, rsa_noise_ceiling
from .rsa.rdm import RDM_DISTANCES, rdm
from .rsa.two_factor import bootstrap_error, two_factor_error
from .rsa.two_factor_intervals import rsa_two_factor_intervals
from .similarity.cka import linear_cka
from .similarity.procrustes_shape import procrustes_similarity
from .spatial import (
    BorderScore,
    GridLattice,
    GridModules,
    GridScore,
    HeadDirectionTuning,
    Periodicity,
    RateMaps,
    ShuffleControl,
    SpatialInformation,
    SpikeCounts,
    Trajectory,
    activity_map,
    autocorrelation_half_width,
    border_score,
    find_grid_modules,
    grid_ellipticity,
    grid_lattice,
    grid_orientation,
    grid_score,
    grid_spacing,
    head_direction_tuning,
    rate_map,
    shuffle_control,
    smoothed_noise,
    spatial_autocorrelation,
    spatial_coherence,
    spatial_information,
    spatial_periodicity,
    speed_score,
    spike_counts,
    sublattice_index,
    trajectory,
)
from .statistics.hierarchical_bootstrap import hierarchical_bootstrap
from .statistics.interval import Interval, bootstrap_t_interval, percentile_interval, t_interval
from .statistics.paired import PairedDifference, paired_difference
from .statistics.rank_ranges import RankRanges, holm, rank_ranges
from .statistics.reliability import Reliability, spearman_brown, split_half_reliability
from .trajectories.relative_speed import RelativeSpeeds, relative_speeds

__all__ = [
    "RDM_COMPARISONS",
    "RDM_DISTANCES",
    "READOUT_PENALTIES",
    "BehaviouralConsistency",
    "BootstrapResult",
    "BorderScore",
    "ConditionSums",
    "Consistency",
    "Decoding",
    "FractionReliability",
    "GridLattice",
    "GridModules",
    "GridScore",
    "HeadDirectionTuning",
    "Interval",
    "LogisticReadout",
    "NoiseCorrectedPredictivity",
    "NoiseCorrectedRsa",
    "PairedDifference",
    "Periodicity",
    "PositionReadout",
    "Predictivity",
    "RankRanges",
    "RateMaps",
    "RelativeSpeeds",
    "Reliability",
    "RsaCeiling",
    "ShuffleControl",
    "SpatialInformation",
    "SpikeCounts",
    "Trajectory",
    "activity_map",
    "autocorrelation_half_width",
    "behavioural_consistency",
    "bootstrap_agreement",
    "bootstrap_consistency",
    "bootstrap_decoding",
    "bootstrap_decoding_skill",
    "bootstrap_error",
    "bootstrap_neural_ceiling",
    "bootstrap_noise_corrected_predictivity",
    "bootstrap_paired_rsa",
    "bootstrap_predictivity",
    "bootstrap_rsa",
    "bootstrap_rsa_ceiling",
    "bootstrap_skill",
    "bootstrap_t_interval",
    "border_score",
    "cohen_kappa",
    "compare_rdms",
    "condition_sums",
    "consecutive_splits",
    "decode",
    "error_over_time",
    "find_grid_modules",
    "fraction_reliability",
    "grid_ellipticity",
    "grid_lattice",
    "grid_orientation",
    "grid_score",
    "grid_spacing",
    "half_response_sums",
    "head_direction_tuning",
    "held_out_readout",
    "held_out_reliability",
    "hierarchical_bootstrap",
    "holm",
    "inter_animal_consistency",
    "inter_animal_consistency_from_halves",
    "linear_cka",
    "logistic_readout",
    "noise_corrected_predictivity",
    "noise_corrected_predictivity_from_halves",
    "noise_corrected_rsa",
    "ols_predictivity",
    "one_to_one_predictivity",
    "paired_difference",
    "partial_compare_rdms",
    "percentile_interval",
    "pls_predictivity",
    "position_skill",
    "principal_components",
    "procrustes_predictivity",
    "procrustes_similarity",
    "random_splits",
    "rank_ranges",
    "rate_map",
    "rdm",
    "read_out_position",
    "relative_speeds",
    "residual_errors",
    "ridge_predictivity",
    "rsa_noise_ceiling",
    "rsa_two_factor_intervals",
    "shuffle_control",
    "smoothed_noise",
    "spatial_autocorrelation",
    "spatial_coherence",
    "spatial_information",
    "spatial_periodicity",
    "spearman_brown",
    "speed_score",
    "spike_counts",
    "split_half_reliability",
    "stratified_halves",
    "sublattice_index",
    "t_interval",
    "trajectory",
    "two_factor_error",
]

"""Metrics of space: rate maps, autocorrelograms, grid, border, head-direction and speed scores, modules.

Maps are (n_cells, height, width), rows by y from the bottom, columns by x, NaN in bins that were not visited.
"""

from .autocorrelation import spatial_autocorrelation
from .border import BorderScore, border_score
from .direction import HeadDirectionTuning, head_direction_tuning, speed_score
from .grid_score import GRID_SCORE_METHODS, GridScore, grid_score
from .information import SpatialInformation, spatial_coherence, spatial_information
from .lattice import GridLattice, grid_ellipticity, grid_lattice, grid_orientation, grid_spacing
from .modules import GridModules, find_grid_modules, unimodality_p_value
from .noise import autocorrelation_half_width, smoothed_noise
from .periodicity import Periodicity, spatial_periodicity, sublattice_index
from .rate_map import RateMaps, activity_map, rate_map, rate_maps_of_counts
from .shuffle import ShuffleControl, shifted_spikes, shuffle_control
from .trajectory import SpikeCounts, Trajectory, spike_counts, trajectory

__all__ = [
    "GRID_SCORE_METHODS",
    "BorderScore",
    "GridLattice",
    "GridModules",
    "GridScore",
    "HeadDirectionTuning",
    "Periodicity",
    "RateMaps",
    "ShuffleControl",
    "SpatialInformation",
    "SpikeCounts",
    "Trajectory",
    "activity_map",
    "autocorrelation_half_width",
    "border_score",
    "find_grid_modules",
    "grid_ellipticity",
    "grid_lattice",
    "grid_orientation",
    "grid_score",
    "grid_spacing",
    "head_direction_tuning",
    "rate_map",
    "rate_maps_of_counts",
    "shifted_spikes",
    "shuffle_control",
    "smoothed_noise",
    "spatial_autocorrelation",
    "spatial_coherence",
    "spatial_information",
    "spatial_periodicity",
    "speed_score",
    "spike_counts",
    "sublattice_index",
    "trajectory",
    "unimodality_p_value",
]

"""Common parts of the space models: walks to train on, place codes, and stimuli as steps of a model."""

from .place_code import PlaceCode
from .steps import SpaceModel, show
from .walks import BOX_M, STEP_S, Motion, Walks, draw_walks, motion_of

__all__ = ["BOX_M", "STEP_S", "Motion", "PlaceCode", "SpaceModel", "Walks", "draw_walks", "motion_of", "show"]

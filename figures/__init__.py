"""Figures as SVG by pure functions: values in; a picture with title, description and numbers out."""

from .figure import Figure
from .history import history
from .intervals import Whisker, whiskers
from .layers import LayerPanel, layer_curves
from .losses import EpochLoss, loss_curve
from .maps import trace
from .moving import path_animation
from .png import animated_png
from .points import Point, histogram, scatter

__all__ = [
    "EpochLoss",
    "Figure",
    "LayerPanel",
    "Point",
    "Whisker",
    "animated_png",
    "histogram",
    "history",
    "layer_curves",
    "loss_curve",
    "path_animation",
    "scatter",
    "trace",
    "whiskers",
]

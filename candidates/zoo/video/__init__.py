"""Predictors of video: object slots (C-SWM), and pixels with learned prior (SVG-LP) and like FitVid."""

from .candidate import PixelModel, SlotModel
from .published import PUBLISHED, import_published
from .recipes import recipes

__all__ = ["PUBLISHED", "PixelModel", "SlotModel", "import_published", "recipes"]

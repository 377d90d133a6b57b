"""Predictors of video: object slots (C-SWM), and pixels with learned prior (SVG-LP) and like FitVid."""

from .candidate import PixelModel, SlotModel

__all__ = ["PixelModel", "SlotModel"]

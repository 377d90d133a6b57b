"""Registers our environments with gymnasium, by the one way it has: importing this module.

``gymnasium.make("innerscore.tasks.gym:MentalPong-v0")`` imports it; nothing else here does.
"""

import gymnasium

from .pong_environment import MentalPong

__all__: list[str] = []

gymnasium.register("MentalPong-v0", entry_point=f"{MentalPong.__module__}:{MentalPong.__name__}")

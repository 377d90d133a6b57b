"""Training of candidates: recipes by name, one loop, checkpoints, and weights with a card."""

from .catalogue import find_recipes, recipes
from .recipe import Optimisation, Recipe, Task
from .trainer import Trained, finished_training, train

__all__ = [
    "Optimisation",
    "Recipe",
    "Task",
    "Trained",
    "find_recipes",
    "finished_training",
    "recipes",
    "train",
]

"""Training of candidates: recipes by name, one loop, checkpoints, and weights with a card."""

from .catalogue import find_recipes, recipes
from .recipe import Optimisation, Recipe, Task
from .trainer import Trained, check_trainable, finished_training, train

__all__ = [
    "Optimisation",
    "Recipe",
    "Task",
    "Trained",
    "check_trainable",
    "find_recipes",
    "finished_training",
    "recipes",
    "train",
]

"""All recipes by name; a family's module is imported only when recipes are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from ...core.errors import UnknownNameError
from ...core.registry import closest_names
from .recipe import Recipe

__all__ = ["find_recipes", "recipes"]

# Modules with a function `recipes` that returns a tuple of Recipe.
_FAMILIES = (
    "innerscore.candidates.training.hiding",
    "innerscore.candidates.training.latent",
    "innerscore.candidates.training.path_integrators",
    "innerscore.candidates.training.ready_set_go",
    "innerscore.candidates.training.sic",
    "innerscore.candidates.training.space_codes",
    "innerscore.candidates.training.task_rnn",
    "innerscore.candidates.training.video",
)


def recipes() -> Mapping[str, Recipe]:
    """All recipes by name, sorted."""
    modules = (importlib.import_module(name) for name in _FAMILIES)
    found = (recipe for module in modules for recipe in module.recipes())
    return {recipe.name: recipe for recipe in sorted(found, key=lambda recipe: recipe.name)}


def find_recipes(name: str) -> tuple[Recipe, ...]:
    """The recipe of that name, or all of the family of that name.

    Raises
    ------
    UnknownNameError
        If there is neither.
    """
    known = recipes()
    if name in known:
        return (known[name],)
    family = tuple(recipe for recipe in known.values() if recipe.family == name)
    if not family:
        names = {*known, *(recipe.family for recipe in known.values())}
        raise UnknownNameError("recipe", name, closest_names(name, names))
    return family

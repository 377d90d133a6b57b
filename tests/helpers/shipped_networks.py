"""Networks that were trained here and ship: a card each, and a file of weights."""

from innerscore.candidates import registry
from innerscore.candidates.training import find_recipes
from innerscore.core.settings import Settings

LARGEST = 5e6  # bytes of weights


def checked_card(name):
    """The card of a shipped network, after a check that it is its recipe's and that its weights are small."""
    registered = registry(Settings()).entries()[name]
    card, (recipe,) = registered.card, find_recipes(name)
    assert card.model_copy(update={"weights": None, "training": None}) == recipe.card
    assert card.training == f"innerscore train {name} --seed 0 --device cpu"
    assert (registered.path.parent / card.weights.file).stat().st_size < LARGEST
    return card

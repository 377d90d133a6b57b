"""Layer selection: the layer of a candidate that is scored is chosen on conditions that are never scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["held_out_conditions", "select_layer"]


def held_out_conditions(conditions: Sequence[str], every: int) -> tuple[str, ...]:
    """Each `every`-th condition in the data's order, from the first on; none where `every` is 0."""
    return tuple(conditions[::every]) if every else ()


def select_layer(
    layers: Sequence[str], value_of: Callable[[str], float], *, can_choose: bool
) -> tuple[str, dict[str, float]]:
    """The layer that does best on the held-out conditions; ties go to the first.

    Parameters
    ----------
    layers : sequence of str
        Names of the layers, in the order of the candidate's card.
    value_of : callable
        The metric's value of a layer on the held-out conditions; NaN loses to every number.
    can_choose : bool
        Whether conditions are held out. Where none is, the card's first layer is taken; so is a single one.

    Returns
    -------
    layer : str
        The layer that was selected.
    values : dict of str to float
        The values behind the choice; empty where there was none.
    """
    if len(layers) == 1 or not can_choose:
        return layers[0], {}
    values = {layer: value_of(layer) for layer in layers}
    return max(values, key=lambda layer: (values[layer] == values[layer], values[layer])), values

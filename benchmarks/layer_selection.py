"""Layer selection: the layer of a candidate that is scored is chosen on conditions that are never scored.

Benchmarks of answers (``behaviour.py``, ``endpoints.py``, ``intervals.py``) choose by the truth of the task
instead, which says nothing of the subjects, and score all conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.cards import LayerSelection
from ..core.errors import InvalidDataError

__all__ = ["held_out_conditions", "select_layer"]


def held_out_conditions(conditions: Sequence[str], selection: LayerSelection) -> tuple[str, ...]:
    """Conditions on which layers are compared: those that are named, or each so-many-th from the first on.

    Parameters
    ----------
    conditions : sequence of str
        All conditions, in the data's order.
    selection : LayerSelection
        The choice of the benchmark's card.

    Raises
    ------
    InvalidDataError
        If a condition that is named was not recorded.
    """
    unknown = sorted(set(selection.conditions) - set(conditions))
    if unknown:
        raise InvalidDataError(
            "The conditions held out for layer selection",
            got=f"{unknown} not recorded",
            needed=f"among {list(conditions)}",
        )
    if selection.conditions:
        return tuple(name for name in conditions if name in selection.conditions)
    return tuple(conditions[:: selection.every]) if selection.every else ()


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

"""Names of new things: as the card demands, and not taken."""

from __future__ import annotations

import re
from typing import TypeVar

from ..core.cards import Card
from ..core.errors import DuplicateNameError, InvalidArgumentError
from ..core.registry import Registry

__all__ = ["check_name"]

C = TypeVar("C", bound=Card)


def check_name(name: str, registry: Registry[C]) -> None:
    """Refuse a name that the kind's card would refuse, or that is registered.

    Parameters
    ----------
    name : str
        The identifier to be.
    registry : Registry
        Registry of its kind.

    Raises
    ------
    InvalidArgumentError
        If the pattern or the length of the card's identifier forbids it.
    DuplicateNameError
        If something of that kind has it.
    """
    rule = registry.card_type.model_json_schema()["properties"]["identifier"]
    longest = rule.get("maxLength", 120)
    if not re.fullmatch(rule["pattern"], name) or len(name) > longest:
        raise InvalidArgumentError(
            f"The {registry.kind} name",
            got=repr(name),
            needed=f"of the pattern {rule['pattern']} and at most {longest} characters",
            hint=f"For instance {_EXAMPLES[registry.kind]}.",
        )
    registered = registry.entries().get(name)
    if registered is not None:
        raise DuplicateNameError(
            f"The {registry.kind} name '{name}'",
            got=f"registered by {registered.path}",
            needed="a new one",
            hint="Choose another name.",
        )


_EXAMPLES = {"candidate": "my-model", "dataset": "MyLab2026", "benchmark": "SimulatedDMFC.my-ridge"}

"""Names of networks of other libraries: ``SOURCE:NAME``, with the layers to read after a ``#``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ...core.errors import InvalidArgumentError
from ...core.hashing import sha256_of_bytes

__all__ = ["EXTRAS", "SOURCES", "HubName", "hub_name", "with_layers"]

#: The extra of each source of networks: of what stands before the colon.
EXTRAS: dict[str, Literal["timm", "torchvision", "hf", "imagenet"]] = {
    "timm": "timm",
    "torchvision": "torchvision",
    "hf": "hf",
    "packaged": "imagenet",
}
SOURCES = tuple(EXTRAS)

_LONGEST = 60  # of a candidate's identifier


@dataclass(frozen=True)
class HubName:
    """A network's name, taken apart.

    Parameters
    ----------
    source : {"timm", "torchvision", "hf", "packaged"}
        Library that has it; ``packaged`` are those whose weights a package holds.
    name : str
        Name in that library.
    layers : tuple of str
        Layers to read; empty for those that a rule chooses.
    """

    source: str
    name: str
    layers: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The name in one piece."""
        return f"{self.source}:{self.name}" + (f"#{','.join(self.layers)}" if self.layers else "")

    @property
    def identifier(self) -> str:
        """The candidate's identifier; one of chosen layers is another candidate than that of the rule's."""
        short = "local" if self.is_path else self.name
        words = re.sub(r"[^a-z0-9]+", "-", f"{self.source}-{short}".lower()).strip("-")
        told = self.layers or self.is_path or len(words) > _LONGEST
        ending = f"-{sha256_of_bytes(str(self).encode())[:8]}" if told else ""
        return words[: _LONGEST - len(ending)].strip("-") + ending

    @property
    def is_path(self) -> bool:
        """Whether a folder of this machine is named."""
        return self.name.startswith(("/", ".", "~", "local-dir:"))


def hub_name(candidate: str) -> HubName | None:
    """The parts of a candidate's name; None for one that is none of a network of another library.

    Raises
    ------
    InvalidArgumentError
        If there is a source, but no name or an empty layer.
    """
    source, colon, rest = candidate.partition(":")
    if not colon or source not in SOURCES:
        return None
    name, hash_sign, listed = rest.partition("#")
    layers = tuple(listed.split(",")) if hash_sign else ()
    if not name or not all(layers):
        raise InvalidArgumentError(
            "The candidate's name",
            got=repr(candidate),
            needed="SOURCE:NAME or SOURCE:NAME#LAYER,LAYER",
            hint="For instance timm:resnet50.a1_in1k or torchvision:resnet18#layer2,layer4.",
        )
    return HubName(source, name, layers)


def with_layers(candidates: list[str], layers: str | None) -> list[str]:
    """The candidates, those of other libraries with the layers to read, separated by commas.

    Raises
    ------
    InvalidArgumentError
        If a candidate is none of another library: its card names its layers.
    """
    if layers is None:
        return candidates
    for candidate in candidates:
        if hub_name(candidate) is None:
            raise InvalidArgumentError(
                "The layers of a candidate",
                got=f"chosen for '{candidate}'",
                needed=f"chosen only where its name begins with one of {', '.join(f'{s}:' for s in SOURCES)}",
                hint="Other candidates name their layers on their cards.",
            )
    return [f"{candidate.partition('#')[0]}#{layers}" for candidate in candidates]

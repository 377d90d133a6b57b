"""YAML as people mean it: YAML 1.2's plain values, and no key twice in one mapping.

PyYAML takes the last of two equal keys without a word, so that ``licence: private`` above another licence would let
data out. By YAML 1.1 it takes ``no`` for a truth value, ``12:30`` for 750, ``0403`` for 259, ``1e-5`` for a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import yaml

from .errors import InvalidCardError

__all__ = ["read_mapping", "read_yaml"]

_MOST_BYTES = 256 * 2**10

_MERGE = "tag:yaml.org,2002:merge"

#: YAML 1.2, 10.3.2; but digits after a leading zero are a text, such as the name of an animal.
_PLAIN = {
    "tag:yaml.org,2002:null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "tag:yaml.org,2002:int": (r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    "tag:yaml.org,2002:float": (
        r"[-+]?(?:(?:0|[1-9][0-9]*)?\.[0-9]+|(?:0|[1-9][0-9]*)\.?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    _MERGE: (r"<<", ["<"]),
}


def read_yaml(text: str, *, aliases: bool = True) -> Any:
    """Read YAML without building objects.

    Parameters
    ----------
    text : str
        YAML of one document.
    aliases : bool, default=True
        Allow YAML's aliases, by which a stranger's small text could expand to a huge one.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, a key stands twice in one mapping, or it has aliases that it may not have.
    """
    if not aliases and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
        # Nine lines of aliases expand to a thousand million values.
        raise yaml.YAMLError("an alias (*name), which this card may not have")
    return yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader)


def read_mapping(data: bytes, subject: str, *, aliases: bool = True) -> dict[str, Any]:
    """Read a card or a part of one: a YAML mapping of at most 256 KiB.

    Raises
    ------
    InvalidCardError
        If it is larger, or no such mapping; `subject` names it.
    """
    if len(data) > _MOST_BYTES:
        raise InvalidCardError(subject, got=f"{len(data)} bytes", needed=f"of at most {_MOST_BYTES} bytes")
    try:
        content = read_yaml(data.decode("utf-8"), aliases=aliases)
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidCardError(subject, got=str(error), needed="readable YAML") from error
    if not isinstance(content, dict):
        raise InvalidCardError(subject, got=type(content).__name__, needed="a YAML mapping")
    return content


if TYPE_CHECKING:
    from yaml import SafeLoader as _SafeLoader
else:  # LibYAML's parser, six times as fast, where PyYAML was built with it
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """A SafeLoader of YAML 1.2's plain values that refuses a key that stands twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (as the base has it)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Build a whole number that every format of a record can hold."""
        digits = self.construct_scalar(node)
        if len(digits) > 20 or not -(2**63) <= (value := int(digits, 16 if "x" in digits else 10)) < 2**63:
            raise yaml.constructor.ConstructorError(
                None, None, f"a whole number of {len(digits)} digits, beyond 64 bits", node.start_mark
            )
        return value

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Build a number; records are JSON, which has neither infinity nor NaN."""
        value = float(super().construct_yaml_float(node))
        if not math.isfinite(value):
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"the number {self.construct_scalar(node)!r}, which is not finite",
                node.start_mark,
            )
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping whose keys differ; what a merge key (<<) brings may be overridden."""
        seen: set[Hashable] = set()
        for key_node in (key for key, _ in node.value if key.tag != _MERGE):
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                break  # refused below
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the key {key!r} stands twice; the first would not count",
                    key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
for _tag, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _first)

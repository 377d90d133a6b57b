"""Cards: what a candidate, data set, metric or benchmark is, by whom, under which licence, in YAML.

A card's prose is its documentation on the board. Cards are read by :mod:`~innerscore.core.safe_yaml` into models
that forbid extra keys; reading one imports no code of the thing it describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar, get_args

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from .card_templates import expanded
from .errors import InvalidCardError, did_you_mean
from .safe_yaml import read_mapping
from .stimuli import StimulusKind

__all__ = [
    "BenchmarkCard",
    "CandidateCard",
    "Card",
    "DataFile",
    "DatasetCard",
    "LayerSelection",
    "MetricCard",
    "SuiteCard",
    "TrainedWeights",
    "card_of",
    "meant_key",
    "read_card",
]

Url = Annotated[str, Field(pattern=r"^https?://[^\s<>\"']+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(min_length=1)]
Prose = Annotated[str, Field(min_length=20)]
Entry = Annotated[str, Field(pattern=r"^[\w./]+:[A-Za-z_]\w*$")]
# A relative path, as archives have them: no part of it is empty or begins with a full stop.
_PART = r"[\w+=,()&#~@ \-][\w.+=,()&#~@ \-]*"
FilePath = Annotated[str, Field(pattern=rf"^{_PART}(/{_PART})*$", max_length=512)]
LayerName = Annotated[str, Field(pattern=r"^[\w.\-]{1,80}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Python counts True as 1: ``version: true`` would pass."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and {int, float} & {annotation, *get_args(annotation)}:
            raise ValueError("a truth value is no number")
        return value


class Card(_Model):
    """The fields that every card has.

    Attributes
    ----------
    identifier : str
        The name by which it is registered.
    title : str
        One line for a person.
    description : str
        Description in a few sentences.
    version : int
        Raised whenever its numbers change.
    licence : str
        SPDX identifier, or the terms in words.
    citation : str
        BibTeX of what to cite.
    url : str or None
        Address for further reading.
    """

    identifier: str
    title: Annotated[str, Field(min_length=1, max_length=120)]
    description: Prose
    version: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    licence: Text
    citation: Text
    url: Url | None = None


class TrainedWeights(_Model):
    """A file of trained weights next to a card, and how it was trained.

    Attributes
    ----------
    file : str
        Name of the safetensors file in the card's folder.
    sha256 : str
        SHA-256 of its bytes, checked before they are used.
    seed : int or None
        Seed of the training; None where others trained it.
    steps : int or None
        Updates made up to the weights that were kept; None likewise.
    device : str or None
        Device on which it was trained; None likewise.
    seconds : float or None
        Duration of the training in seconds; None likewise.
    losses : mapping of str to float
        Losses at the end of the training, each under a name that gives its meaning and unit.
    """

    file: Annotated[str, Field(pattern=r"^[\w\-]+\.safetensors$")]
    sha256: Sha256
    seed: Annotated[int, Field(ge=0)] | None = None
    steps: Annotated[int, Field(ge=0)] | None = None
    device: Text | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    losses: Mapping[str, float]


class CandidateCard(Card):
    """A candidate: the stimuli it accepts, its layers, and its origin.

    Attributes
    ----------
    entry : str
        ``module:attribute`` or, in a folder of one's own, ``file.py:attribute``: a class or function that
        builds the candidate, called with the keyword arguments that `takes` names.
    accepts : tuple of {"frames", "self_motion", "conditions"}
        Kinds of stimulus it can be shown.
    layers : tuple of str
        Layers that ``activations`` returns.
    min_frames : int
        Clips with fewer frames cannot be shown to it (2 for a candidate that lives on motion).
    needs : tuple of str
        Columns that the table of the stimuli has to have, such as ``final_y_deg`` of a ball for a candidate that
        follows balls. A benchmark without them is not applicable. The candidate sees none of the columns.
    model_class : str
        The family it belongs to.
    trained_on, supervision : str
        Training data and kind of supervision of its weights; "nothing" and "none" for a candidate without training.
    training : str or None
        The command that made the weights.
    takes : tuple of {"seed", "device"}
        Run settings passed to the entry: the seed, if the candidate draws random numbers; the device.
    options : mapping
        Further keyword arguments of the entry, for a class that implements a family of candidates.
    extra : str or None
        Extra of innerscore without which it cannot be built; where that is not installed, it is left out.
    weights : TrainedWeights or None
        Trained weights; the entry is called with their tensors by name as ``weights``.
    """

    identifier: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    authors: Annotated[tuple[str, ...], Field(min_length=1)]
    entry: Entry
    accepts: Annotated[tuple[StimulusKind, ...], Field(min_length=1)]
    layers: Annotated[tuple[LayerName, ...], Field(min_length=1)]
    min_frames: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    needs: tuple[Annotated[str, Field(pattern=r"^\w{1,80}$")], ...] = ()
    model_class: Text
    trained_on: Text = "nothing"
    supervision: Text = "none"
    training: str | None = None
    takes: tuple[Literal["seed", "device"], ...] = ()
    options: Mapping[str, Any] = {}
    extra: Literal["timm", "torchvision", "hf", "imagenet"] | None = None
    weights: TrainedWeights | None = None

    @field_validator("layers")
    @classmethod
    def _each_layer_once(cls, layers: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({layer for layer in layers if layers.count(layer) > 1}):
            raise ValueError(f"{', '.join(twice)} stands twice")
        return layers

    @property
    def seeded(self) -> bool:
        """Whether its numbers depend on the run's seed."""
        return "seed" in self.takes


class DataFile(_Model):
    """One file of a data set as published upstream.

    Attributes
    ----------
    name : str
        Path of the file in the data set's folder, mostly a name alone.
    url : str
        Public address.
    size : int or None
        Bytes; as published, which may be rounded, where there is no `sha256`. None if not known.
    sha256 : str or None
        SHA-256 of those bytes. None if no hash is known upstream: the file is then locked at its first use.
    archive : str or None
        Name of the zip archive that is at `url` instead, with the file somewhere in it.
    optional : bool
        Whether the data set does without it, as with another form of the same data.
    """

    name: FilePath
    url: Url
    size: Annotated[int, Field(gt=0)] | None = None
    sha256: Sha256 | None = None
    archive: Annotated[str, Field(pattern=r"^[\w.\-]+\.zip$")] | None = None
    optional: bool = False


Sharing: TypeAlias = Literal["everything", "scores", "nothing"]


class DatasetCard(Card):
    """A data set: its recordings, their files, and the brain regions they are from.

    Attributes
    ----------
    entry : str
        ``module:attribute`` of the loader.
    simulated : bool
        Whether the recordings are simulated; then the identifier begins with ``Simulated``.
    species : str
        Species recorded.
    regions : tuple of str
        Regions recorded.
    folder : str
        Name of the folder its files lie in, below the data folder or a mirror folder.
    files : tuple of DataFile
        Empty for data that are made here, and for folders of which all files of a kind are read.
    options : mapping
        Options of the loader for these data, such as the arena's size; the loader's documentation lists the keys.
    sharing : {"everything", "scores", "nothing"} or None
        What may leave in an export of all that is made of the data: everything; scores alone, without values of
        single neuroids, clips and maps; or nothing. None: what the licence says.
    tells, cannot_tell : tuple of str
        Conclusions that scores on these data carry, and such that they do not, a sentence each.
    """

    identifier: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")]
    entry: Entry
    simulated: bool
    species: Text
    regions: Annotated[tuple[str, ...], Field(min_length=1)]
    folder: Annotated[str, Field(pattern=r"^[\w\-]+$")]
    files: tuple[DataFile, ...] = ()
    options: Mapping[str, Any] = {}
    sharing: Sharing | None = None
    tells: tuple[Text, ...] = ()
    cannot_tell: tuple[Text, ...] = ()


class MetricCard(Card):
    """A metric: its formula, range, resampling unit and cost.

    Attributes
    ----------
    entry : str
        ``module:attribute`` of the metric class.
    formula : str
        Formula in plain text.
    range : str
        Range of the value.
    resampling_unit : str
        Unit that the interval resamples.
    cost : str
        Quantities that its computing time depends on.
    chance : float or None
        Raw value of a candidate of noise; None where it depends on the data: a benchmark's card then states it.
    invariances : str
        Changes to a model under which the value does *not* stay the same, among: the scale of all units together,
        the order of units and samples, names, constant units, float32. Empty: it stays the same under all.
    """

    identifier: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    entry: Entry
    formula: Text
    range: Text
    resampling_unit: Text
    cost: Text
    chance: float | None = None
    invariances: str = ""


class LayerSelection(_Model):
    """Layer selection for the region, on conditions that are never scored.

    Attributes
    ----------
    every : int
        Each `every`-th condition, in the data set's own order, is held out for the choice. 0 holds out none, where
        a metric needs all of them (whole maps): then the first layer on the candidate's card is selected. A card's
        key is `holdout_every`, or `every` as in earlier cards.
    conditions : tuple of str
        Conditions that are held out by name instead, such as two contexts of unlike kinds.
    """

    every: Annotated[int, Field(ge=0, validation_alias=AliasChoices("holdout_every", "every"))] = 4
    conditions: tuple[Text, ...] = ()

    @field_validator("every")
    @classmethod
    def _some_are_scored(cls, every: int) -> int:
        if every == 1:
            raise ValueError("1 would hold out all conditions and score none")
        return every

    @model_validator(mode="after")
    def _one_way(self) -> LayerSelection:
        if {"every", "conditions"} <= self.model_fields_set:
            raise ValueError("conditions are held out either by name or by number")
        return self

    @model_serializer
    def _as_written(self) -> dict[str, object]:
        """The one way that counts, so that hashes of cards that name none stay."""
        return {"conditions": self.conditions} if self.conditions else {"every": self.every}

    @property
    def is_made(self) -> bool:
        """Whether conditions are held out at all."""
        return bool(self.conditions or self.every)


class BenchmarkCard(Card):
    """A benchmark, declared in full: data set, epoch, metric, layer selection; no code.

    Attributes
    ----------
    system : str
        Home system, the board's first heading.
    dataset : str
        Identifier of the data set.
    task : str
        Task of the subjects, for the reader.
    region : str
        Region scored.
    animal : str or None
        The one animal whose neuroids are scored; None for all.
    epoch : str or None
        Name of the mask that selects time bins; None for all.
    alignment : {"image", "time", "space", "direction", "answer", "endpoint", "interval"}
        Method that aligns activations with the samples of the recording; ``answer`` where candidates judge stimuli
        as people did, ``endpoint`` and ``interval`` where they act as animals did.
    metric : str
        Identifier of the metric.
    parameters : mapping
        The metric's parameters.
    ceiling : str
        Description of the noise ceiling, for the reader.
    ceiling_region : str or None
        Another region of the data set whose similarity to this one is the ceiling, where there are no repeats.
    layer_selection : LayerSelection
        Layer selection. The key of earlier cards is read, too, and it is serialised under that one, so that the
        hashes of cards stay.
    chance : float or None
        Raw value of a candidate of noise, where the metric's card has none; None where it was not measured.
    """

    identifier: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*\.[A-Za-z0-9\-]+$")]
    system: Text
    dataset: Text
    task: Prose
    region: Text
    animal: str | None = None
    epoch: str | None = None
    alignment: Literal["image", "time", "space", "direction", "answer", "endpoint", "interval"]
    metric: Text
    parameters: Mapping[str, Any] = {}
    ceiling: Prose
    ceiling_region: str | None = None
    commitment: LayerSelection = Field(
        LayerSelection(), validation_alias=AliasChoices("layer_selection", "commitment")
    )
    chance: float | None = None

    @property
    def layer_selection(self) -> LayerSelection:
        """Layer selection."""
        return self.commitment


class SuiteCard(Card):
    """A suite: benchmarks in stated versions over which one mean win rate is taken, under a name to be quoted.

    Its version is raised whenever the list changes.

    Attributes
    ----------
    benchmarks : mapping of str to int
        Versions of the benchmarks by name, all on recorded data or all on simulated data.
    """

    benchmarks: Annotated[Mapping[str, Annotated[int, Field(ge=1)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _not_mixed(self) -> Self:
        if len({name.startswith("Simulated") for name in self.benchmarks}) > 1:
            raise ValueError(
                "an aggregate over recorded and simulated data would mean nothing; make two suites"
            )
        return self

    @property
    def label(self) -> str:
        """``innerscore-DMFC v1``."""
        return f"{self.identifier} v{self.version}"


C = TypeVar("C", bound=Card)


def read_card(path: Path, card_type: type[C]) -> C:
    """Read and check a card; a benchmark's may extend templates (:mod:`~innerscore.core.card_templates`).

    Parameters
    ----------
    path : pathlib.Path
        A YAML file.
    card_type : type
        The card model it has to satisfy.

    Raises
    ------
    InvalidCardError
        If the file is no YAML mapping, or a key is missing, unknown or illegal; all faults are named.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidCardError(f"The card {path}", got=str(error), needed="readable YAML") from error
    content = read_mapping(data, f"The card {path}")
    if issubclass(card_type, BenchmarkCard):
        content = expanded(content, path)
    return _validated(content, str(path), card_type)


def card_of(data: bytes, name: str, card_type: type[C], *, aliases: bool = True) -> C:
    """Read and check a card from its bytes alone.

    Parameters
    ----------
    data : bytes
        YAML; of at most 256 KiB.
    name : str
        Origin of the card, for messages.
    card_type : type
        The card model it has to satisfy.
    aliases : bool, default=True
        Allow YAML's aliases, by which a stranger's small card could expand to a huge one.

    Raises
    ------
    InvalidCardError
        As :func:`read_card`.
    """
    return _validated(read_mapping(data, f"The card {name}", aliases=aliases), name, card_type)


def _validated(content: Mapping[str, Any], name: str, card_type: type[C]) -> C:
    try:
        return card_type.model_validate(content)
    except ValidationError as error:
        raise _card_error(name, card_type, error) from error


def meant_key(key: str, card_type: type[Card]) -> str:
    """A question that names the card's key that an unknown one resembles, or an empty text."""
    return did_you_mean(key, _keys(card_type))


def _card_error(name: str, card_type: type[Card], error: ValidationError) -> InvalidCardError:
    details = error.errors()
    unknown = [str(detail["loc"][-1]) for detail in details if detail["type"] == "extra_forbidden"]
    asked = [meant_key(key, card_type) for key in unknown]
    return InvalidCardError(
        f"The card {name}",
        got="; ".join(map(_fault, details)),
        needed=f"a valid {card_type.__name__}",
        hint=" ".join(filter(None, [*asked, f"Its keys are: {', '.join(_keys(card_type))}."])),
    )


def _keys(card_type: type[Card]) -> list[str]:
    """The keys of a card; of several spellings, the first."""
    aliases = {name: field.validation_alias for name, field in card_type.model_fields.items()}
    return [str(one.choices[0]) if isinstance(one, AliasChoices) else name for name, one in aliases.items()]


def _fault(detail: Any) -> str:
    field = ".".join(map(str, detail["loc"])) or "card"
    if detail["type"] == "missing":
        return f"key '{field}' is missing"
    if detail["type"] == "extra_forbidden":
        return f"key '{field}' is unknown"
    return f"key '{field}' = {detail['input']!r} ({detail['msg']})"

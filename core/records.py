"""Result records: what one run found, immutable, each number traceable to the bytes it came from.

A record has three hashes, all SHA-256 over canonical JSON:

- ``run_sha256`` over what went in (candidate, benchmark, data, stimuli, seed, code): equal for a rerun;
- ``values_sha256`` over what went in and what came out: equal for a rerun that repeats bit for bit;
- ``record_sha256`` over everything, time and machine included: the record's identity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from .cards import CandidateCard, Sha256
from .display import Displayed, Summary
from .errors import InvalidCardError, InvalidRecordError
from .hashing import canonical_json, sha256_of_bytes
from .resamples import RESAMPLES_FILE, ResampleKind

if TYPE_CHECKING:
    from .scores import Estimate, Score  # whoever only reads records need not wait for pandas

__all__ = [
    "CARD_FILE",
    "DIVIDED_BY",
    "NO_STIMULI",
    "TARGETS_FILE",
    "WEAK_CEILING",
    "BenchmarkRef",
    "CandidateRef",
    "Cost",
    "DataRef",
    "Environment",
    "EstimateRecord",
    "Failure",
    "Resampling",
    "ResultRecord",
    "RunInputs",
    "ScoreRecord",
    "Stage",
    "Status",
    "candidate_card_json",
    "read_candidate_card",
    "read_record",
    "score_record",
]

TARGETS_FILE = "targets.csv"
CARD_FILE = "candidate-card.json"
#: Names of files with pictures begin so.
PICTURE_PREFIX = "picture-"
DIVIDED_BY = "divided_by"  # the fact of a score that says what its raw value is divided by
WEAK_CEILING = "weak_ceiling"  # the fact of a score that says how few cells its ceiling rests on
_NO_PRAISE = 1.5  # times a weak ceiling

NO_STIMULI = sha256_of_bytes(b"")  # where a file of answers was scored, and nothing was shown

Status: TypeAlias = Literal["value", "failed", "not applicable"]
Stage: TypeAlias = Literal["load", "activations", "score"]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=60)]
Number = float | None  # None stands for NaN, which JSON does not have


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CandidateRef(_Model):
    """Reference to a candidate: its name, version and the hash of its card, code and weights."""

    identifier: str
    version: int
    bundle_sha256: Sha256


class BenchmarkRef(_Model):
    """Reference to a benchmark: its name, version, card hash and metric."""

    identifier: str
    version: int
    card_sha256: Sha256
    metric: str
    parameters: Mapping[str, Any]


class DataRef(_Model):
    """Reference to data: the data set, its version and the hash of the labelled values that were scored."""

    dataset: str
    version: int
    simulated: bool
    sha256: Sha256


class RunInputs(_Model):
    """All that determines a run's values on one machine.

    The seed is the candidate's: it draws with it, the metric's draws have a seed of their own.
    """

    candidate: CandidateRef
    benchmark: BenchmarkRef
    data: DataRef
    stimuli_sha256: Sha256
    code_sha256: Sha256
    seed: Annotated[int, Field(ge=0)]

    @property
    def run_sha256(self) -> str:
        """Hash of the inputs: two records with the same one are runs of the same thing."""
        return sha256_of_bytes(canonical_json(self.model_dump(mode="json")))


class EstimateRecord(_Model):
    """A value with its interval; None where it is not defined."""

    value: Number
    low: Number
    high: Number
    level: float
    unit: str

    def __str__(self) -> str:
        """``0.914 [0.895, 0.940]``."""
        if self.value is None:
            return "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @field_validator("value", "low", "high", mode="before")
    @classmethod
    def _nan_to_none(cls, value: Any) -> Any:
        return None if isinstance(value, float) and not math.isfinite(value) else value


class Resampling(_Model):
    """Origin of the values in the file of resamples; see :mod:`innerscore.core.resamples`."""

    kind: ResampleKind
    n_units: Annotated[int, Field(ge=1)]


class ScoreRecord(_Model):
    """The parts of a score as they are kept.

    ``targets_sha256`` is the hash of the CSV file of per-target values that lies next to the record; ``files``
    holds the hashes of further files by name. What a record does not have is absent from its JSON, so records
    of schema version 1, which had no further files, keep their bytes.
    """

    raw: EstimateRecord
    ceiling: EstimateRecord
    normalised: EstimateRecord
    above_ceiling: bool
    layer: str
    layer_scores: Mapping[str, Number]
    facts: Mapping[str, str | int | float]
    n_targets: int
    targets_sha256: Sha256
    files: Mapping[FileName, Sha256] = {}
    resampling: Resampling | None = None

    @property
    def divided_by(self) -> str:
        """Divisor of the raw value that gave the normalised one, in words; empty where none is recorded."""
        return str(self.facts.get(DIVIDED_BY, ""))

    @property
    def weak_ceiling(self) -> str:
        """Number of cells that the ceiling rests on, in words, where they are few; empty where they are not."""
        return str(self.facts.get(WEAK_CEILING, ""))

    @property
    def is_no_praise(self) -> bool:
        """Whether it is so far above a weak ceiling that it says more of the ceiling than of the candidate."""
        value = self.normalised.value
        return bool(self.weak_ceiling) and value is not None and value > _NO_PRAISE

    @property
    def named_files(self) -> dict[str, str]:
        """Hashes of all files next to the record, by name."""
        return {TARGETS_FILE: self.targets_sha256, **self.files}

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        absent = [name for name in ("files", "resampling") if not content.get(name, True)]
        return {name: value for name, value in content.items() if name not in absent}

    @model_validator(mode="after")
    def _resampling_has_its_file(self) -> Self:
        if (self.resampling is None) != (RESAMPLES_FILE not in self.files) or TARGETS_FILE in self.files:
            raise ValueError(f"'resampling' and the file {RESAMPLES_FILE} must be there together")
        return self


class Failure(_Model):
    """Stage at which a run failed, and the reason."""

    stage: Stage
    kind: str
    reason: str


class Environment(_Model):
    """Environment of a run."""

    innerscore: str
    python: str
    platform: str
    packages: Mapping[str, str]
    device: str
    threads: int
    sandboxed: bool


class Cost(_Model):
    """Cost of a run: wall seconds in total and for the activations alone; peak memory of the process."""

    seconds: float
    activation_seconds: float
    peak_memory_mb: float


class ResultRecord(Displayed, _Model):
    """One run of one candidate on one benchmark.

    Attributes
    ----------
    schema_version : int
        Version of this model; 1 had no files but the per-target one, 2 no card of the candidate, 3 no reason; a
        record that has none is written as of version 3.
    inputs : RunInputs
        Inputs of the run.
    status : {"value", "failed", "not applicable"}
        Outcome of the run.
    score : ScoreRecord or None
        Score, with status "value" only.
    failure : Failure or None
        Reason of the failure, with status "failed" only.
    environment, cost : Environment, Cost
        Environment and cost of the run.
    created : str
        ISO 8601, UTC.
    supersedes : str or None
        ``record_sha256`` of the record that this one corrects.
    card_sha256 : str or None
        Hash of the file with the candidate's card that lies next to the record, so that a board where the candidate
        is not registered has it; absent from the JSON of records without, which keep their bytes.
    reason : str or None
        Why the data cannot carry the benchmark's metric, whoever is scored, with status "not applicable"; absent
        from the JSON where that is not so.
    """

    schema_version: Literal[1, 2, 3, 4] = 3
    inputs: RunInputs
    status: Status
    score: ScoreRecord | None = None
    failure: Failure | None = None
    environment: Environment
    cost: Cost
    created: str
    supersedes: Sha256 | None = None
    card_sha256: Sha256 | None = None
    reason: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        absent = [name for name in ("card_sha256", "reason") if content.get(name, True) is None]
        return {name: value for name, value in content.items() if name not in absent}

    @model_validator(mode="after")
    def _files_need_their_version(self) -> Self:
        if self.schema_version == 1 and self.score is not None and self.score.files:
            raise ValueError("a record of schema version 1 has no files but the per-target one")
        if self.schema_version < 3 and self.card_sha256 is not None:
            raise ValueError("a record of schema version 1 or 2 has no card of the candidate")
        if self.reason is not None and (self.schema_version < 4 or self.status != "not applicable"):
            raise ValueError("a reason is of records of schema version 4 with status 'not applicable'")
        if CARD_FILE in (() if self.score is None else self.score.files):
            raise ValueError(f"the file {CARD_FILE} is named by the record's 'card_sha256'")
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with changes; its hashes are its own."""
        copy = super().model_copy(update=update, deep=deep)
        for name in ("run_sha256", "record_sha256"):
            copy.__dict__.pop(name, None)
        return copy

    @property
    def files(self) -> dict[str, str]:
        """Hashes of the files next to the record, by name."""
        card = {} if self.card_sha256 is None else {CARD_FILE: self.card_sha256}
        return card if self.score is None else self.score.named_files | card

    def _summary(self) -> Summary:
        inputs = self.inputs
        facts: list[tuple[str, str]] = [("status", self.status)]
        if self.score is not None:
            above = ", above the ceiling" if self.score.above_ceiling else ""
            facts += [("score", f"{self.score.normalised} of the ceiling{above}")]
            facts += [("raw", str(self.score.raw)), ("ceiling", str(self.score.ceiling))]
            facts += [("layer", self.score.layer), ("targets", str(self.score.n_targets))]
        if self.failure is not None:
            facts += [("failed at", f"{self.failure.stage}: {self.failure.reason}")]
        if self.reason is not None:
            facts += [("reason", self.reason)]
        data = f"{inputs.data.dataset}, version {inputs.data.version}"
        facts += [("data", data + (", simulated" if inputs.data.simulated else ""))]
        facts += [("bundle", inputs.candidate.bundle_sha256[:12]), ("record", self.record_sha256)]
        title = f"record of {inputs.candidate.identifier} (version {inputs.candidate.version}) on "
        return Summary(title + f"{inputs.benchmark.identifier} (version {inputs.benchmark.version})", facts)

    @cached_property
    def run_sha256(self) -> str:
        """Hash over what went in."""
        return self.inputs.run_sha256

    @property
    def values_sha256(self) -> str:
        """Hash over what went in and what came out, but for pictures, which say nothing that a score rests on."""
        kept = self.model_dump(mode="json", include={"inputs", "status", "score", "failure", "reason"})
        return sha256_of_bytes(canonical_json(_without_pictures(kept)))

    @cached_property
    def record_sha256(self) -> str:
        """Hash over the whole record."""
        return sha256_of_bytes(self.to_json())

    def to_json(self) -> bytes:
        """The record's canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))


def read_record(data: bytes, *, expected_sha256: str | None = None) -> ResultRecord:
    """Read a record from its canonical JSON.

    Parameters
    ----------
    data : bytes
        JSON as written by :meth:`ResultRecord.to_json`.
    expected_sha256 : str, optional
        Its hash, checked over the bytes.

    Raises
    ------
    InvalidRecordError
        If the bytes do not have that hash, or are no record of this schema.
    """
    found = sha256_of_bytes(data)
    if expected_sha256 is not None and found != expected_sha256:
        raise InvalidRecordError("The record", got=f"SHA-256 {found}", needed=f"of SHA-256 {expected_sha256}")
    try:
        return ResultRecord.model_validate_json(data)
    except ValidationError as error:
        raise InvalidRecordError("The record", got=str(error), needed="a valid ResultRecord") from error


def candidate_card_json(card: CandidateCard) -> bytes:
    """A candidate's card as it is kept next to a record: canonical JSON."""
    return canonical_json(card.model_dump(mode="json"))


def read_candidate_card(data: bytes) -> CandidateCard:
    """Read what :func:`candidate_card_json` wrote.

    Raises
    ------
    InvalidCardError
        If the bytes are no card.
    """
    try:
        return CandidateCard.model_validate_json(data)
    except ValidationError as error:
        raise InvalidCardError(
            "The candidate's card", got=str(error), needed="a valid CandidateCard"
        ) from error


def score_record(score: Score, targets_sha256: str, files: Mapping[str, str] | None = None) -> ScoreRecord:
    """The record of a score, given the hashes of its per-target file and of its further files."""
    resamples = score.resamples
    layer_scores = {name: _finite(value) for name, value in score.layer_scores.items()}
    return ScoreRecord(
        raw=_estimate(score.raw),
        ceiling=_estimate(score.ceiling),
        normalised=_estimate(score.normalised),
        above_ceiling=score.normalised.value > 1,
        layer=score.layer,
        layer_scores=layer_scores,
        facts=dict(score.facts),
        n_targets=len(score.targets),
        targets_sha256=targets_sha256,
        files=dict(files or {}),
        resampling=None if resamples is None else Resampling(kind=resamples.kind, n_units=resamples.n_units),
    )


def _without_pictures(content: dict[str, Any]) -> dict[str, Any]:
    """A record's JSON as if its score had no pictures; a score without further files has no such key."""
    score = content["score"]
    if score is None or "files" not in score:
        return content
    files = {name: sha256 for name, sha256 in score["files"].items() if not name.startswith(PICTURE_PREFIX)}
    others = {name: value for name, value in score.items() if name != "files"}
    return {**content, "score": {**others, "files": files} if files else others}


def _estimate(estimate: Estimate) -> EstimateRecord:
    return EstimateRecord(
        value=estimate.value, low=estimate.low, high=estimate.high, level=estimate.level, unit=estimate.unit
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

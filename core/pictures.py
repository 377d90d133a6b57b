"""Pictures of what a score rests on, as values: small files that go with a record and that the pages draw.

Three kinds: the ball as it is read out of a model's states and of the neurons', the trajectories of both through
ready-set-go, and recorded rate maps beside the model's that are most like them. Files come from the sender of a
record, too, so that each is bounded and checked when it is read. A picture says nothing that a score rests on, and
is no part of :attr:`~innerscore.core.records.ResultRecord.values_sha256`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import InvalidDataError
from .hashing import canonical_json
from .records import PICTURE_PREFIX

__all__ = [
    "BALL_FILE",
    "MAPS_FILE",
    "TRAJECTORIES_FILE",
    "BallPicture",
    "BallTrial",
    "IntervalLine",
    "MapPair",
    "MapsPicture",
    "Picture",
    "PictureMap",
    "TrajectoriesPicture",
    "picture_json",
    "read_picture",
]

BALL_FILE, TRAJECTORIES_FILE, MAPS_FILE = (
    f"{PICTURE_PREFIX}{kind}.json" for kind in ("ball", "trajectories", "maps")
)

_MOST_PANELS, _MOST_LINES, _MOST_STEPS, _LONGEST_SIDE = 12, 24, 400, 200
_BLANK = 255  # the level of a bin that was not visited

Name = Annotated[str, Field(max_length=120)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Place = tuple[Number, Number]
Way = Annotated[tuple[Place, ...], Field(min_length=2, max_length=_MOST_STEPS)]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BallTrial(_Value):
    """One condition of Mental-Pong.

    Attributes
    ----------
    condition : str
        Its name.
    bounce : {"none", "visible", "occluded"}
        Where the ball bounces.
    hidden_from : int
        Index of the first step at which the ball is behind the occluder.
    ball, model, neurons : sequence of (x, y)
        True place in deg at each step, and the places read out of the model and of the neurons.
    """

    condition: Name
    bounce: Literal["none", "visible", "occluded"]
    hidden_from: Annotated[int, Field(ge=0, le=_MOST_STEPS)]
    ball: Way
    model: Way
    neurons: Way

    @model_validator(mode="after")
    def _as_long(self) -> Self:
        if not len(self.ball) == len(self.model) == len(self.neurons):
            raise ValueError("the ball, the model and the neurons need as many places each")
        return self


class BallPicture(_Value):
    """The ball of some conditions, read out linearly of states on held-out conditions.

    Attributes
    ----------
    step_ms : float
        Time from one place to the next.
    half_arena_deg, occluder_deg : float
        Half the arena's side, and where the occluder begins.
    model_error_deg, neural_error_deg : float
        Mean distance to the hidden ball, over all conditions that were read out.
    n_conditions : int
        Number of these.
    trials : sequence of BallTrial
        Those that are shown.
    """

    step_ms: Annotated[Number, Field(gt=0)]
    half_arena_deg: Annotated[Number, Field(gt=0)]
    occluder_deg: Number
    model_error_deg: Number
    neural_error_deg: Number
    n_conditions: int
    trials: Annotated[tuple[BallTrial, ...], Field(min_length=1, max_length=_MOST_PANELS)]


class IntervalLine(_Value):
    """The trajectories of one interval in the plane of the first two principal components of each side.

    Attributes
    ----------
    prior : str
        The context: which intervals were to be expected.
    interval_ms : float
        The interval shown.
    model, neurons : sequence of (first, second)
        States at steps of equal time.
    """

    prior: Name
    interval_ms: Annotated[Number, Field(gt=0)]
    model: Way
    neurons: Way

    @model_validator(mode="after")
    def _as_long(self) -> Self:
        if len(self.model) != len(self.neurons):
            raise ValueError("the model and the neurons need as many states each")
        return self


class TrajectoriesPicture(_Value):
    """Trajectories of an epoch of ready-set-go, a line an interval.

    Attributes
    ----------
    epoch : str
    step_ms : float
        Time from one state to the next.
    n_units, n_neurons : int
        Number of dimensions that the planes are of.
    model_shares, neural_shares : (first, second)
        Share of the variance along each component.
    lines : sequence of IntervalLine
    """

    epoch: Name
    step_ms: Annotated[Number, Field(gt=0)]
    n_units: int
    n_neurons: int
    model_shares: Place
    neural_shares: Place
    lines: Annotated[tuple[IntervalLine, ...], Field(min_length=1, max_length=_MOST_LINES)]


class PictureMap(_Value):
    """A map in 255 levels, rows by y from the bottom; level 255 where not visited.

    Attributes
    ----------
    height, width : int
    low, high : float
        Values of the levels 0 and 254.
    levels : str
        The bytes of the levels, row by row, in base64.
    """

    height: Annotated[int, Field(ge=1, le=_LONGEST_SIDE)]
    width: Annotated[int, Field(ge=1, le=_LONGEST_SIDE)]
    low: Number
    high: Number
    levels: Annotated[str, Field(max_length=_LONGEST_SIDE**2 * 4 // 3 + 4)]

    @model_validator(mode="after")
    def _has_all_levels(self) -> Self:
        try:
            n = len(base64.b64decode(self.levels, validate=True))
        except binascii.Error as error:
            raise ValueError(f"levels that are not base64: {error}") from error
        if n != self.height * self.width or self.low > self.high:
            raise ValueError(f"{n} levels from {self.low} to {self.high} for {self.height} x {self.width}")
        return self

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> PictureMap:
        """The map of an array (height, width), NaN where not visited."""
        visited = np.isfinite(values)
        low, high = (_short(end(values[visited])) if visited.any() else 0.0 for end in (np.min, np.max))
        share = (np.where(visited, values, low) - low) / (high - low if high > low else 1.0)
        levels = np.where(visited, np.round(np.clip(share, 0, 1) * (_BLANK - 1)), _BLANK).astype(np.uint8)
        body = base64.b64encode(levels.tobytes()).decode("ascii")
        return cls(height=values.shape[0], width=values.shape[1], low=low, high=high, levels=body)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The map as an array (height, width), NaN where not visited."""
        body = np.frombuffer(base64.b64decode(self.levels), dtype=np.uint8).astype(np.float64)
        values = self.low + (self.high - self.low) * body / (_BLANK - 1)
        return np.where(body == _BLANK, np.nan, values).reshape(self.height, self.width)


class MapPair(_Value):
    """A recorded cell and the unit of the model whose map is most like its own.

    Attributes
    ----------
    cell, unit : str
        Their names.
    r : float
        Pearson correlation of the two maps over the bins that both have.
    cell_score, unit_score : float or None
        Grid scores; None where not defined.
    cell_map, unit_map : PictureMap
        Rate maps: of the cell in Hz, of the unit in its own unit.
    cell_correlation, unit_correlation : PictureMap
        Spatial autocorrelograms.
    """

    cell: Name
    unit: Name
    r: Number
    cell_score: Number | None
    unit_score: Number | None
    cell_map: PictureMap
    unit_map: PictureMap
    cell_correlation: PictureMap
    unit_correlation: PictureMap


class MapsPicture(_Value):
    """Recorded cells, best grid cells first, each with the unit most like it.

    Attributes
    ----------
    bin_m : float
        Side of a bin.
    n_cells, n_units : int
        Number of cells that were recorded and of units that were compared.
    pairs : sequence of MapPair
    """

    bin_m: Annotated[Number, Field(gt=0)]
    n_cells: int
    n_units: int
    pairs: Annotated[tuple[MapPair, ...], Field(min_length=1, max_length=_MOST_PANELS)]


Picture = BallPicture | TrajectoriesPicture | MapsPicture
P = TypeVar("P", bound=_Value)


def picture_json(picture: Picture) -> bytes:
    """A picture as the file that goes with a record: canonical JSON."""
    return canonical_json(picture.model_dump(mode="json"))


def read_picture(body: bytes, kind: type[P]) -> P:
    """Read a picture of a kind.

    Raises
    ------
    InvalidDataError
        If the bytes are no such picture.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors()[0]
        raise InvalidDataError(
            "The picture",
            got=f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}",
            needed=f"of the form of {kind.__name__}",
        ) from error


def _short(value: np.float64) -> float:
    """In five digits: a picture has 255 levels."""
    return float(f"{float(value):.5g}")

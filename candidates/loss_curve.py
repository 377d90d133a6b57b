"""The file of a training's losses: written when the training is over, read to be drawn."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InvalidDataError
from ..figures.losses import EpochLoss

if TYPE_CHECKING:
    from .training.history import Epoch

__all__ = ["CURVE_NAME", "curve_text", "read_curve"]

CURVE_NAME = "losses.csv"
_COLUMNS = ("epoch", "loss", "validation_loss", "rate")


def curve_text(history: Sequence[Epoch]) -> str:
    """The content of the file: a row for each epoch, 1 for the first."""
    rows = [
        f"{epoch},{one.loss!r},{one.validation_loss!r},{one.rate!r}"
        for epoch, one in enumerate(history, start=1)
    ]
    return "\n".join([",".join(_COLUMNS), *rows, ""])


def read_curve(folder: Path) -> tuple[EpochLoss, ...]:
    """The losses of a candidate's training, from its folder; none if it has no such file.

    Raises
    ------
    InvalidDataError
        If the file is of another form.
    """
    path = folder / CURVE_NAME
    if not path.is_file():
        return ()
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file, strict=True)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise ValueError(f"columns {rows.fieldnames}")
            return tuple(EpochLoss(float(row["loss"]), float(row["validation_loss"])) for row in rows)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InvalidDataError(
            f"The loss curve {path}",
            got=f"{type(error).__name__}: {error}",
            needed=f"rows of {', '.join(_COLUMNS)}",
        ) from error

"""Tables of answers: a number for each stimulus, from a model or a person that answered elsewhere."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pandas as pd

from ..core.errors import InvalidDataError

__all__ = ["STIMULUS", "AnswerTable"]

STIMULUS = "stimulus"


@dataclass(frozen=True)
class AnswerTable:
    """Form of the tables that a benchmark takes: CSV with the columns ``stimulus`` and one of answers.

    Parameters
    ----------
    column : str
        Name of the column of answers.
    low, high : float
        Ends of the range that answers lie in.
    answer : str
        An answer, in words for messages, such as "a probability, 0..1".
    """

    column: str
    low: float
    high: float
    answer: str

    def read(self, content: bytes, *, name: str = "the table") -> pd.DataFrame:
        """Read a table.

        Parameters
        ----------
        content : bytes
            Content of the file.
        name : str
            The file, for messages.

        Returns
        -------
        table : pandas.DataFrame
            The two columns.

        Raises
        ------
        InvalidDataError
            If it is no such table, a stimulus occurs twice, or a value is no answer; column and row are named.
        """
        try:
            table = pd.read_csv(io.BytesIO(content), dtype={STIMULUS: str})
        except (ValueError, UnicodeDecodeError) as error:
            raise InvalidDataError(f"The file {name}", got=str(error), needed="a table (CSV)") from error
        for column in (STIMULUS, self.column):
            if column not in table:
                raise InvalidDataError(f"The column '{column}' of {name}", got="missing", needed="present")
        repeated = table[STIMULUS][table[STIMULUS].duplicated() | table[STIMULUS].isna()]
        if len(repeated):
            raise InvalidDataError(
                f"The column '{STIMULUS}' of {name}", got=f"{repeated.tolist()[0]!r} twice", needed="unique"
            )
        numbers = pd.to_numeric(table[self.column], errors="coerce")
        bad = table[~numbers.between(self.low, self.high)]
        if len(bad):
            raise InvalidDataError(
                f"The column '{self.column}' of {name}",
                got=f"{bad[self.column].tolist()[0]!r} for '{bad[STIMULUS].iloc[0]}' ({len(bad)} rows)",
                needed=self.answer,
            )
        return pd.DataFrame({STIMULUS: table[STIMULUS], self.column: numbers.astype(float)})

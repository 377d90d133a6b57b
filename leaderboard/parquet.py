"""Tables as Parquet files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["parquet_bytes"]


def parquet_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A table as the bytes of a Parquet file; None is null, a column's type is that of its values.

    A whole number beyond 64 bits, which Parquet does not have, is null: one such record must not end every export.

    Parameters
    ----------
    columns : sequence of str
        Their order; a row may lack some.
    rows : iterable of mapping of str to value
        Text, whole numbers, floats, truth values or None.
    """
    import pyarrow as pa  # heavy, and needed here only
    import pyarrow.parquet as pq

    several = list(rows)
    table = pa.table(
        {name: pa.array([_within_64_bits(row.get(name)) for row in several]) for name in columns}
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _within_64_bits(value: Any) -> Any:
    return None if isinstance(value, int) and not -(2**63) <= value < 2**63 else value

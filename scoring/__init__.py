"""One run: stimuli to a candidate, activations to a score, a score to a record."""

from .run import Outcome, Report, Run, execute, prepare
from .table import score_table, table_inputs

__all__ = ["Outcome", "Report", "Run", "execute", "prepare", "score_table", "table_inputs"]

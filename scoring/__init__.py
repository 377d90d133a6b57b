"""One run: stimuli to a candidate, activations to a score, a score to a record."""

from .activation_file import activation_inputs, score_activations
from .run import Outcome, Report, Run, execute, prepare
from .stimulus_files import stimulus_files
from .table import score_table, table_inputs

__all__ = [
    "Outcome",
    "Report",
    "Run",
    "activation_inputs",
    "execute",
    "prepare",
    "score_activations",
    "score_table",
    "stimulus_files",
    "table_inputs",
]

"""One run: stimuli to a candidate, activations to a score, a score to a record."""

from .activation_file import activation_inputs, score_activations
from .jobs import Job, job_of
from .run import Outcome, Report, Run, execute, prepare
from .stimulus_files import stimulus_files
from .table import score_table, table_inputs

__all__ = [
    "Job",
    "Outcome",
    "Report",
    "Run",
    "activation_inputs",
    "execute",
    "job_of",
    "prepare",
    "score_activations",
    "score_table",
    "stimulus_files",
    "table_inputs",
]

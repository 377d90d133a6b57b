"""One run: stimuli to a candidate, activations to a score, a score to a record."""

from .activation_file import activation_inputs, score_activations
from .from_object import object_name, score_object, write_activations
from .jobs import Job, job_of
from .kept_targets import keep_targets, kept_targets
from .run import Outcome, Report, Run, execute, prepare
from .stimulus_files import stimulus_files, write_stimuli
from .table import score_table, table_inputs

__all__ = [
    "Job",
    "Outcome",
    "Report",
    "Run",
    "activation_inputs",
    "execute",
    "job_of",
    "keep_targets",
    "kept_targets",
    "object_name",
    "prepare",
    "score_activations",
    "score_object",
    "score_table",
    "stimulus_files",
    "table_inputs",
    "write_activations",
    "write_stimuli",
]

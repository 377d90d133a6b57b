"""Published studies run again: the whole comparison on the recordings that are here, with the printed numbers."""

from .findings import Finding, Report
from .published import PublishedNumber, Study, load_study, study_names
from .run import reproduce

__all__ = ["Finding", "PublishedNumber", "Report", "Study", "load_study", "reproduce", "study_names"]

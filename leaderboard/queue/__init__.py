"""Submissions: what was asked for, in which state it is, and who works on it."""

from .bundle_store import BundleStore
from .pruning import Pruned, prune
from .queue import LOCAL, LeaseLostError, Queue, name_taken
from .quotas import QuotaError, Quotas
from .receiving import receive
from .results import SubmissionResult, results_of
from .submission import Event, Failed, Lease, State, Submission

__all__ = [
    "LOCAL",
    "BundleStore",
    "Event",
    "Failed",
    "Lease",
    "LeaseLostError",
    "Pruned",
    "Queue",
    "QuotaError",
    "Quotas",
    "State",
    "Submission",
    "SubmissionResult",
    "name_taken",
    "prune",
    "receive",
    "results_of",
]

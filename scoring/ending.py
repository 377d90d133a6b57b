"""The end of a run: the time that it took, and the record that it leaves."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..core.errors import InnerscoreError
from ..core.provenance import current_environment, peak_memory_mb, utc_now
from ..core.records import Cost, Failure, ResultRecord, RunInputs, ScoreRecord, Stage, Status
from ..core.settings import Settings

__all__ = ["Clock", "Ending"]


@dataclass
class Clock:
    """Wall time of a run and of the activations in it."""

    started: float
    activation_seconds: float = 0.0

    @classmethod
    def start(cls) -> Clock:
        """A clock that starts now."""
        return cls(time.perf_counter())

    def activations_done(self) -> None:
        """Note the time of the activations, which end now."""
        self.activation_seconds = time.perf_counter() - self.started

    def cost(self) -> Cost:
        """Time so far, and the most memory of this process."""
        return Cost(
            seconds=round(time.perf_counter() - self.started, 3),
            activation_seconds=round(self.activation_seconds, 3),
            peak_memory_mb=round(peak_memory_mb(), 1),
        )


@dataclass(frozen=True)
class Ending:
    """The end of a run.

    Parameters
    ----------
    status : {"value", "failed", "not applicable"}
        Status of the record.
    score : ScoreRecord or None
        The score, with status "value".
    failure : Failure or None
        The failure, with status "failed".
    reason : str or None
        Reason for which nobody can be scored on these data; with status "not applicable", if it is that.
    """

    status: Status
    score: ScoreRecord | None = None
    failure: Failure | None = None
    reason: str | None = None

    @classmethod
    def failed(cls, stage: Stage, error: InnerscoreError) -> Ending:
        """The end by an error at a stage."""
        return cls("failed", failure=Failure(stage=stage, kind=type(error).__name__, reason=str(error)))

    def record(
        self,
        inputs: RunInputs,
        settings: Settings,
        cost: Cost,
        *,
        supersedes: str | None,
        sandboxed: bool = False,
        card_sha256: str | None = None,
    ) -> ResultRecord:
        """The record of a run that ended so, made now and here.

        Parameters
        ----------
        inputs : RunInputs
            All that determines the run's values.
        settings : Settings
            Settings with the device that it ran on.
        cost : Cost
            Time and memory that it took.
        supersedes : str or None
            Hash of the record that this one corrects.
        sandboxed : bool, default=False
            Whether the candidate ran in a sandbox.
        card_sha256 : str, optional
            Hash of the candidate's card; a file has none.
        """
        return ResultRecord(
            schema_version=3 if self.reason is None else 4,
            reason=self.reason,
            inputs=inputs,
            status=self.status,
            score=self.score,
            failure=self.failure,
            environment=current_environment(settings.device, sandboxed=sandboxed),
            cost=cost,
            created=utc_now(),
            supersedes=supersedes,
            card_sha256=card_sha256,
        )

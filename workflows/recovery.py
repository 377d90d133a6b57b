"""The model recovery study on benchmarks and candidates by name, for as long as there is time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .. import candidates as candidate_room
from ..benchmarks import registry
from ..core.provenance import utc_now
from ..core.recovery_report import RecoveryReport
from ..core.settings import Settings
from ..scoring import Report
from ..studies.model_recovery import Design, Study, fresh_calibration, run_study, why_not
from ..studies.model_recovery.scenes import prepare_benchmarks

__all__ = ["recovery_study"]

_FOR_ROUNDS = 0.75  # of the time given; the rest is for what more data do


def recovery_study(
    design: Design,
    settings: Settings,
    *,
    benchmarks: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    minutes: float | None = None,
    resample_conditions: int = 0,
    command: str = "",
    report: Report | None = None,
) -> RecoveryReport:
    """Simulate brains from each candidate, score all candidates on them, and count how often each is recovered.

    Every draw is kept in the data folder, so a study that was interrupted goes on where it was, and the same design
    gives the same numbers.

    Parameters
    ----------
    design : Design
        Seed, number of draws and reliabilities of the simulated neurons.
    settings : Settings
    benchmarks : sequence of str, optional
        Registered names. Default: all on simulated recordings for which a brain can be simulated.
    candidates : sequence of str, optional
        Registered names or folders. Default: all.
    minutes : float, optional
        Time in min after which no draw is begun. Default: until all are there.
    resample_conditions : int, default=0
        Number of sets of new conditions to calibrate intervals on as well, for tasks in time.
    command : str, default=""
        Command that the report names as the one that made it.
    report : callable, optional
        Shows the progress, by stage, number done and number of all.

    Returns
    -------
    report : RecoveryReport
        The numbers, and the benchmarks left out with the reason of each.

    Raises
    ------
    InnerscoreError
        If a name is unknown, a card invalid or a data file altered.
    """
    show = report or (lambda *_: None)
    began, whole = time.monotonic(), float("inf") if minutes is None else 60 * minutes
    chosen, left_out = _benchmarks(benchmarks, settings)
    names = list(dict.fromkeys(candidates or candidate_room.registry(settings).entries()))
    prepared, failed = prepare_benchmarks(chosen, names, design, settings, show)
    study = Study(
        design, prepared, settings.data_dir / "validity", began + _FOR_ROUNDS * whole, began + whole
    )
    found = run_study(study, show, further=left_out | failed)
    further = fresh_calibration(prepared, study.files, resample_conditions, design, settings, show)
    made = {"command": command, "code": found.code}
    return found.model_copy(
        update={
            **made,
            "recovery": tuple(one.model_copy(update=made) for one in found.recovery),
            "calibration": (*found.calibration, *further),
            "created": utc_now(),
            "study": "this board's own study",
        }
    )


def _benchmarks(names: Sequence[str] | None, settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Those named, or all on simulated recordings for which a brain can be simulated; and why not the others."""
    known = registry(settings)
    if names:
        return [known.find(name).card.identifier for name in dict.fromkeys(names)], {}
    home = [entry.card for name, entry in known.entries().items() if name.startswith("Simulated")]
    reasons = {card.identifier: why_not(card) for card in home}
    chosen = [name for name, reason in reasons.items() if reason is None]
    return chosen, {name: reason for name, reason in reasons.items() if reason is not None}

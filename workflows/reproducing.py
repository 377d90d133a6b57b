"""A published study run again: its recording, the scores that it needs, its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import benchmarks, candidates
from ..core.errors import MissingPartError
from ..core.records import ResultRecord
from ..core.settings import Settings
from ..data_registry import Dataset, load_dataset
from ..studies import Report, Study, reproduce
from ..studies.analyses import analysis_of
from .running import PairProgress, run_pairs

__all__ = ["reproduced"]


def reproduced(
    study: Study,
    settings: Settings,
    *,
    candidates: Sequence[str] | None = None,
    simulated: bool = False,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
    progress: PairProgress | None = None,
) -> Report:
    """Run a study on the real recording where it is here, otherwise on a simulated one of the same structure.

    Scores go to the store; those that are there already are not run again.

    Parameters
    ----------
    study : Study
    settings : Settings
    candidates : sequence of str, optional
        Registered names or folders. Default: all.
    simulated : bool, default=False
        Whether the simulated recording is used even if the real one is here.
    say : callable, optional
        Takes sentences on what goes on.
    seed, progress
        As for :func:`.running.run_pairs`, whose errors it raises.
    """
    tell = say or (lambda _: None)
    analysis_of(study)  # a card that names none is refused before anything is scored
    dataset = _recording_of(study, settings, tell, simulated=simulated)
    records, missing = _scores(study, dataset, candidates, settings, seed, progress)
    return reproduce(study, dataset, records, notes=missing, say=lambda what: tell(f"  {what}"))


def _recording_of(
    study: Study, settings: Settings, say: Callable[[str], None], *, simulated: bool
) -> Dataset:
    """The real data set if it can be had, else the simulated one."""
    if not simulated:
        dataset = load_dataset(study.recorded, settings)
        try:
            dataset.recording(dataset.card.regions[0])
        except MissingPartError as error:
            say(f"{study.recorded} is not here, {study.simulated} stands in for it: {error}")
        else:
            return dataset
    return load_dataset(study.simulated, settings)


def _scores(
    study: Study,
    dataset: Dataset,
    chosen: Sequence[str] | None,
    settings: Settings,
    seed: int,
    progress: PairProgress | None,
) -> tuple[list[ResultRecord], tuple[str, ...]]:
    """Records of the candidates on the study's benchmarks, and what was left out."""
    known = benchmarks.registry(settings).entries()
    wanted = study.benchmark_names(dataset.card.identifier)
    names = chosen or list(candidates.registry(settings).entries())
    here = [name for name in wanted if name in known]
    results = list(run_pairs(names, here, settings, seed=seed, progress=progress))
    missing = [f"{result.benchmark}: {result.error}" for result in results if result.record is None]
    absent = [f"{name}: no such benchmark" for name in wanted if name not in known]
    return [r.record for r in results if r.record is not None], tuple(dict.fromkeys([*missing, *absent]))

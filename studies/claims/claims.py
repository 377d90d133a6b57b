"""Claims as they are declared, the differences of scores that speak to them, and the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from ...core.claims_report import ClaimsReport, Evidence, JudgedClaim, Verdict, read_claims
from ...core.records import ResultRecord
from ...core.resamples import Resamples
from ...leaderboard.ranking import Difference, difference

__all__ = ["RULE", "Claim", "judged", "load_claims", "shipped_claims"]

RULE = (
    "Seen: on each of its benchmarks and for each pair of candidates and seeds, the 95 % interval of the "
    "difference of ceiling-normalised scores, over shared resamples of conditions, lies above 0. Not seen: some "
    "interval does not. Cannot be told here: no such recordings or models are at hand, or the simulated neurons "
    "were made so that it holds."
)

_FOLDER = Path(__file__).parent
_SEED = "-seed"

ResamplesOf = Callable[[Sequence[ResultRecord]], Mapping[str, Resamples]]


class Claim(BaseModel):
    """A published claim, and who and what speaks to it.

    Attributes
    ----------
    key, paper, claim : str
        Name, source, and the claim in other words than the authors'.
    benchmarks : tuple of str
        Benchmarks that speak to it.
    pairs : tuple of (str, str)
        Candidates, the first of each pair the better one by the claim. Every seed that was scored is compared; a
        seed other than that which ships has ``-seed1`` and so on after its name.
    untold_recorded, untold_simulated : str
        Reason that recorded, or simulated, neurons cannot tell; empty where they can.
    networks : {"seen", "not seen", "cannot be told here"} or None
        Verdict of a study of networks alone; None where there is none.
    study : str
        That study and its numbers; empty where there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    paper: str
    claim: str
    benchmarks: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    untold_recorded: str = ""
    untold_simulated: str = ""
    networks: Verdict | None = None
    study: str = ""


def load_claims() -> tuple[Claim, ...]:
    """All claims that are declared."""
    content = yaml.safe_load((_FOLDER / "claims.yaml").read_text(encoding="utf-8"))
    return tuple(Claim.model_validate(one) for one in content)


def shipped_claims() -> ClaimsReport | None:
    """The report that is shipped, or None if none is."""
    path = _FOLDER / "claims.json"
    return read_claims(json.loads(path.read_bytes())) if path.is_file() else None


def judged(
    claim: Claim, records: Sequence[ResultRecord], resamples: ResamplesOf, simulated: Callable[[str], bool]
) -> JudgedClaim:
    """Compare a claim's candidates by their records.

    Parameters
    ----------
    claim : Claim
        The claim.
    records : sequence of ResultRecord
        Records of candidates and seeds; the last one of a candidate and benchmark counts.
    resamples : callable
        Gives the resamples of records by record hash.
    simulated : callable
        Whether a data set is simulated, by its name.

    Returns
    -------
    judged : JudgedClaim
    """
    scored = {
        (one.inputs.benchmark.identifier, one.inputs.candidate.identifier): one
        for one in records
        if one.score is not None and one.score.normalised.value is not None
    }
    evidence = []
    for benchmark in claim.benchmarks:
        own = {name: one for (on, name), one in scored.items() if on == benchmark}
        for better, worse in claim.pairs:
            for first, second in product(_seeds(better, own), _seeds(worse, own)):
                found = _difference(own[first], own[second], resamples)
                if found is not None:
                    dataset = own[first].inputs.data.dataset
                    told = {"dataset": dataset, "benchmark": benchmark, "simulated": simulated(dataset)}
                    names = {"better": first, "worse": second}
                    values = {"value": found.value, "low": found.low, "high": found.high}
                    evidence.append(Evidence.model_validate({**told, **names, **values}))
    verdicts = {
        kind: _verdict([one for one in evidence if one.simulated == kind], untold)
        for kind, untold in ((False, claim.untold_recorded), (True, claim.untold_simulated))
    }
    reasons = (claim.study, claim.untold_recorded, claim.untold_simulated)
    return JudgedClaim(
        key=claim.key,
        paper=claim.paper,
        claim=claim.claim,
        recorded=verdicts[False],
        simulated=verdicts[True],
        networks=claim.networks,
        why=" ".join(reason for reason in dict.fromkeys(reasons) if reason),
        evidence=tuple(evidence),
    )


def _seeds(name: str, scored: Mapping[str, ResultRecord]) -> list[str]:
    """Names of a candidate and its other seeds that have a score."""
    return sorted(one for one in scored if one == name or one.startswith(f"{name}{_SEED}"))


def _difference(first: ResultRecord, second: ResultRecord, resamples: ResamplesOf) -> Difference | None:
    known = resamples([first, second])
    both = []
    for record in (first, second):
        drawn, score = known.get(record.record_sha256), record.score
        if drawn is None or score is None or score.normalised.value is None:
            return None
        both.append((score.normalised.value, drawn))
    return difference(both[0], both[1], "normalised")


def _verdict(evidence: Sequence[Evidence], untold: str) -> Verdict:
    if untold or not evidence:
        return "cannot be told here"
    return "seen" if all(one.low > 0 for one in evidence) else "not seen"

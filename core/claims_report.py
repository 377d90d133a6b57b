"""The form of a report on published claims, as the study writes it and the claims page reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import InvalidInputError

__all__ = ["ClaimsReport", "Evidence", "JudgedClaim", "Verdict", "read_claims", "without_datasets"]

Verdict = Literal["seen", "not seen", "cannot be told here"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Evidence(_Model):
    """One comparison that speaks to a claim.

    Attributes
    ----------
    dataset, benchmark : str
        The data set, and the benchmark on it.
    simulated : bool
        Whether its recordings are simulated.
    better, worse : str
        Candidates, the first one the better by the claim; a seed of a training is a candidate of its own.
    value, low, high : float
        Difference of their ceiling-normalised scores, with its 95 % interval over shared resamples.
    """

    dataset: str
    benchmark: str
    simulated: bool
    better: str
    worse: str
    value: float
    low: float
    high: float


class JudgedClaim(_Model):
    """A published claim and what is seen of it.

    Attributes
    ----------
    key, paper, claim : str
        Name, source, and the claim in other words than the authors'.
    recorded, simulated : {"seen", "not seen", "cannot be told here"}
        Verdicts on recorded neurons, and on simulated ones.
    networks : {"seen", "not seen", "cannot be told here"} or None
        Verdict of a study of networks alone, of a claim that needs no neurons; None for other claims.
    why : str
        Reason for what cannot be told, or remark.
    evidence : tuple of Evidence
        All comparisons, those that disappoint among them.
    """

    key: str
    paper: str
    claim: str
    recorded: Verdict
    simulated: Verdict
    networks: Verdict | None = None
    why: str = ""
    evidence: tuple[Evidence, ...] = ()

    def counted(self, *, simulated: bool) -> str:
        """Numbers of comparisons whose interval is above 0, and below it; empty without comparisons."""
        some = [one for one in self.evidence if one.simulated == simulated]
        above, below = sum(one.low > 0 for one in some), sum(one.high < 0 for one in some)
        return f"{above} above 0, {below} below, of {len(some)}" if some else ""


class ClaimsReport(_Model):
    """All claims.

    Attributes
    ----------
    rule : str
        When a claim counts as seen.
    command : str
        The command that makes the report.
    claims : tuple of JudgedClaim
    """

    rule: str
    command: str
    claims: tuple[JudgedClaim, ...] = ()


def read_claims(content: Mapping[str, Any]) -> ClaimsReport:
    """The report in a file's content.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    try:
        return ClaimsReport.model_validate(content)
    except ValidationError as error:
        raise InvalidInputError("The report on claims", got=str(error), needed="its fields") from error


def without_datasets(report: ClaimsReport, withheld: Collection[str]) -> ClaimsReport:
    """The report without claims that rest on data sets of which nothing is shown."""
    shown = (one for one in report.claims if not any(row.dataset in withheld for row in one.evidence))
    return report.model_copy(update={"claims": tuple(shown)})

"""Study: published claims, and what is seen of them here.

Run as ``python tests/studies/claims.py`` after the candidates and benchmarks of ``studies/claims/claims.yaml`` were
scored (``--missing`` names the pairs that have no record yet). Reads the store of the settings, and writes
``studies/claims/claims.json``, which boards show, and ``docs/claims.md``. A further seed is scored as a candidate
of its own: a folder that ``innerscore train NAME --seed 1`` made, with ``-seed1`` after the identifier on its card.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from innerscore.core.claims_report import ClaimsReport, Evidence, JudgedClaim
from innerscore.core.settings import load_settings
from innerscore.data_registry import registry
from innerscore.leaderboard.store import Store
from innerscore.studies.claims import RULE, judged, load_claims

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "python tests/studies/claims.py"


def main() -> None:
    """Judge all claims by the records of the store, write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missing", action="store_true")
    asked = parser.parse_args()
    settings = load_settings()
    store = Store(settings.store)
    records = list(store.records())
    if asked.missing:
        have = {(one.inputs.benchmark.identifier, one.inputs.candidate.identifier) for one in records}
        needed = {
            (benchmark, name)
            for claim in load_claims()
            for benchmark in claim.benchmarks
            for pair in claim.pairs
            for name in pair
        }
        print(*(f"{name} -b {benchmark}" for benchmark, name in sorted(needed - have)), sep="\n")
        return
    datasets = registry(settings).entries()
    claims = tuple(
        judged(claim, records, store.resamples, lambda name: datasets[name].card.simulated)
        for claim in load_claims()
    )
    report = ClaimsReport(rule=RULE, command=COMMAND, claims=claims)
    (ROOT / "studies" / "claims" / "claims.json").write_text(report.model_dump_json(indent=1) + "\n")
    (ROOT / "docs" / "claims.md").write_text(page(report))


def page(report: ClaimsReport) -> str:
    """The page of documentation: the table of verdicts, then every comparison."""
    return "\n".join([HEAD, *map(_verdict_row, report.claims), "", MIDDLE, *_evidence(report), ""])


HEAD = f"""# Claims and what we see

Claims of Nayebi et al. (2023), Rajalingham, Sohn & Jazayeri (2025) and Schaeffer, Khona et al. (2023), in our
words, and what candidates and benchmarks here say to them. Written, with [the
numbers](../studies/claims/claims.json) that a board's page "Claims" shows, by

    {COMMAND}

{RULE} Simulated neurons say nothing of a brain; verdicts on them say what the models do. The networks are small and
were trained for minutes, so what is not seen here may well hold of the published ones.

| claim | paper | recorded neurons | simulated neurons | networks alone | remark |
|---|---|---|---|---|---|"""

MIDDLE = """## Every comparison

The ceiling-normalised score of the first candidate less that of the second, with its 95 % interval over shared
resamples of conditions. A name with `-seed1`, `-seed2` and so on is the same training with another seed.

| claim | benchmark | candidates | difference |
|---|---|---|---|"""


def _verdict_row(claim: JudgedClaim) -> str:
    counted = claim.counted(simulated=True)
    simulated = f"{claim.simulated} ({counted})" if counted else claim.simulated
    verdicts = f"{claim.recorded} | {simulated} | {claim.networks or ''}"
    return f"| {claim.claim} | {claim.paper} | {verdicts} | {claim.why} |"


def _evidence(report: ClaimsReport) -> list[str]:
    return [_evidence_row(claim, one) for claim in report.claims for one in claim.evidence]


def _evidence_row(claim: JudgedClaim, one: Evidence) -> str:
    names = f"`{one.better}`, `{one.worse}`"
    value = f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
    return f"| {claim.key} | {one.benchmark}{' (simulated)' if one.simulated else ''} | {names} | {value} |"


if __name__ == "__main__":
    main()

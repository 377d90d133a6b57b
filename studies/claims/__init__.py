"""Published claims laid beside what candidates and benchmarks say here."""

from .claims import RULE, Claim, judged, load_claims, shipped_claims

__all__ = ["RULE", "Claim", "judged", "load_claims", "shipped_claims"]

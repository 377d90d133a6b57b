"""Scores of built-in candidates on simulated recordings, as JSON: what must not move when code or packages do.

python tests/helpers/builtin_scores.py > before.json            # a few candidates a benchmark, 2 minutes
python tests/helpers/builtin_scores.py --all > before.json      # every pair that goes together, about an hour
python tests/helpers/builtin_scores.py --against before.json    # the largest difference from those
"""

import argparse
import contextlib
import json
import math
import sys
import tempfile
from pathlib import Path

from innerscore.benchmarks import load_benchmarks, registry
from innerscore.candidates import load_candidate
from innerscore.candidates import registry as candidate_registry
from innerscore.candidates.interface import accepts
from innerscore.core.errors import MissingPartError
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric

# One in closed form and one network for each kind of stimulus.
FEW = ("ball-simulated", "latent-selfsup-lstm", "grid-code", "path-integrator-lstm")


def benchmarks(settings):
    """Those on simulated recordings whose stimuli are here."""
    names = [name for name in registry(settings).entries() if name.startswith("Simulated")]
    for loaded in load_benchmarks(names, settings):
        with contextlib.suppress(MissingPartError):  # tracks that do not ship
            assert loaded.stimuli
            yield with_few_resamples(loaded, settings)


def with_few_resamples(benchmark, settings):
    """The benchmark with short bootstraps: the values do not depend on them, only the intervals do."""
    card = benchmark.card
    metric = load_metric(card.metric, settings, **{**card.parameters, "n_boot": 20})
    return type(benchmark)(card, benchmark.dataset, metric)


def values(score):
    """Raw value, ceiling and normalised value, None where there is none."""
    parts = (score.raw.value, score.ceiling.value, score.normalised.value)
    return [float(part) if math.isfinite(part) else None for part in parts]


class Remembering:
    """A candidate that is shown each set of stimuli once."""

    def __init__(self, candidate):
        self.candidate, self.seen = candidate, {}

    def activations(self, stimuli):
        key = tuple(stimulus.content_hash for stimulus in stimuli)
        if key not in self.seen:
            self.seen[key] = self.candidate.activations(stimuli)
        return self.seen[key]


def scores_and_identities(candidates=FEW, score=lambda benchmark, candidate: benchmark(candidate)):
    """Two dictionaries.

    ``scores``: the values of each candidate on each benchmark whose stimuli it accepts, by ``benchmark candidate``.
    ``identities``: the hashes of the stimuli and data of each benchmark, which decide the column of a score.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "d", cache_dir=Path(folder) / "c", offline=True)
        cards = {name: one.card for name, one in candidate_registry(settings).entries().items()}
        simulated, found = list(benchmarks(settings)), {}
        for name in candidates:
            candidate = Remembering(load_candidate(name, settings))
            for benchmark in simulated:
                if accepts(cards[name], benchmark.stimuli):
                    found[f"{benchmark.identifier} {name}"] = values(score(benchmark, candidate))
                    print(benchmark.identifier, name, file=sys.stderr, flush=True)
        hashes = {one.identifier: [one.stimuli.content_hash, one.data_sha256] for one in simulated}
        return {"scores": found, "identities": hashes}


def largest_difference(first, second):
    """Of the values of pairs that both have, with the pair; a value that one lacks is infinitely far."""

    def apart(a, b):
        return 0.0 if a == b else math.inf if None in (a, b) else abs(a - b)

    both = sorted(set(first) & set(second))
    return max((max(map(apart, first[pair], second[pair])), pair) for pair in both)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    shown = scores_and_identities(tuple(candidate_registry(Settings()).entries()) if options.all else FEW)
    if options.against:
        difference, pair = largest_difference(
            shown["scores"], json.loads(options.against.read_text())["scores"]
        )
        shown = {"difference": difference, "pair": pair}
    json.dump(shown, sys.stdout, indent=1)


if __name__ == "__main__":
    main()

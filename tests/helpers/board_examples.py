"""Boards of any size made from a seed, for tests of pages and for measuring their speed."""

import csv
import io

import numpy as np
import record_examples
from record_examples import estimate, make_inputs, make_record

from innerscore.core.cards import BenchmarkCard, CandidateCard, DatasetCard, MetricCard
from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.pictures import (
    BALL_FILE,
    MAPS_FILE,
    TRAJECTORIES_FILE,
    BallPicture,
    BallTrial,
    IntervalLine,
    MapPair,
    MapsPicture,
    PictureMap,
    TrajectoriesPicture,
    picture_json,
)
from innerscore.core.records import TARGETS_FILE, Cost, Environment, Resampling, ScoreRecord
from innerscore.core.resamples import RESAMPLES_FILE, Resamples, resamples_to_npy
from innerscore.leaderboard.pages import BoardContents
from innerscore.leaderboard.store import Entry

CLASSES = ("linear", "convolutional", "recurrent")
N_UNITS = 40


def candidate_card(name, number=0, **changes):
    content = {
        "identifier": name,
        "title": f"The candidate {name}",
        "description": "A candidate that a test made up.",
        "authors": ("Ada",),
        "licence": "MIT",
        "citation": f"@misc{{{name}, title={{{name}}}}}",
        "entry": "a:b",
        "accepts": ("frames",),
        "layers": ("first", "second", "third"),
        "model_class": CLASSES[number % 3],
        "trained_on": ("nothing", "films")[number % 2],
    }
    return CandidateCard(**(content | changes))


def benchmark_card(name, system, dataset, **changes):
    content = {
        "identifier": name,
        "title": f"Title of {name}",
        "description": "A benchmark that a test made up.",
        "licence": "MIT",
        "citation": f"@misc{{{name}}}",
        "system": system,
        "dataset": dataset,
        "task": "A task that nobody has ever done.",
        "region": name.partition(".")[2].partition("-")[0],
        "alignment": "image",
        "metric": "made",
        "ceiling": "None that anybody knows of.",
    }
    return BenchmarkCard(**(content | changes))


def dataset_card(name, **changes):
    content = {
        "identifier": name,
        "title": f"Data {name}",
        "description": "Data that a test made up.",
        "licence": "CC0-1.0",
        "citation": f"@data{{{name}}}",
        "entry": "a:b",
        "simulated": name.startswith("Simulated"),
        "species": "none" if name.startswith("Simulated") else "macaque",
        "regions": ("A", "B"),
        "folder": "f",
        "url": "https://example.org/data",
    }
    return DatasetCard(**(content | changes))


METRIC = MetricCard(
    identifier="made",
    title="A metric",
    description="A metric that a test made up.",
    licence="MIT",
    citation="@m",
    entry="a:b",
    formula="r(x, y) < 1",
    range="[-1, 1]",
    resampling_unit="conditions",
    cost="none",
)


def benchmark_names(n):
    """Names over four data sets, one of them simulated, in two regions each."""
    datasets = ("Ant2020", "Bee2021", "Cat2022", "SimulatedDog")
    return [f"{datasets[k % 4]}.{'AB'[k // 4 % 2]}-made{k:03d}" for k in range(n)]


def contents(candidates, benchmarks, **changes):
    """Cards of all; two systems."""
    datasets = dict.fromkeys(name.partition(".")[0] for name in benchmarks)
    systems = {name: "Seeing" if name in ("Ant2020", "Bee2021") else "Moving" for name in datasets}
    made = {
        "candidates": {name: candidate_card(name, n) for n, name in enumerate(candidates)},
        "benchmarks": {
            name: benchmark_card(name, systems[name.partition(".")[0]], name.partition(".")[0])
            for name in benchmarks
        },
        "datasets": {name: dataset_card(name) for name in datasets},
        "metrics": {"made": METRIC},
    }
    return BoardContents(**(made | changes))


ENVIRONMENT = Environment(
    innerscore="0.1.0",
    python="3.11",
    platform="Linux",
    packages={"numpy": "1.26"},
    device="cpu",
    threads=2,
    sandboxed=False,
)


def record(candidate, benchmark, status="value", score=None, **changes):
    """A record without a score, unless one is given."""
    dataset = benchmark.partition(".")[0]
    where = {"data": sha256_of_bytes(dataset.encode())}
    where |= {key: changes.pop(key) for key in ("version", "data", "seed") if key in changes}
    content = {
        "inputs": make_inputs(candidate, benchmark, dataset=dataset, metric="made", **where),
        "environment": ENVIRONMENT,
        "cost": Cost(seconds=75.0, activation_seconds=0.5, peak_memory_mb=512.0),
    }
    return make_record(candidate, benchmark, status=status, score=score, **(content | changes))


def failed(candidate, benchmark, reason="out of memory", **changes):
    return Entry(record_examples.failed(candidate, benchmark, reason, record, **changes))


def pictures(seed=0):
    """A file of each kind of picture."""
    rng = np.random.default_rng(seed)
    ball = [(float(x), 2.0) for x in np.linspace(-5, 10, 31)]
    trials = [
        BallTrial(
            condition=f"pong-{bounce}", bounce=bounce, hidden_from=20, ball=ball, neurons=_beside(ball, rng),
            model=_beside(ball, rng),
        )
        for bounce in ("none", "visible", "occluded")
    ]  # fmt: skip
    lines = [
        IntervalLine(
            prior=prior, interval_ms=ms, model=_beside(ball[:9], rng), neurons=_beside(ball[:9], rng)
        )
        for prior, ms in (("long", 1200), ("long", 800), ("short", 800), ("short", 480))
    ]
    maps = [PictureMap.of(rng.random((8, 6))) for _ in range(4)]
    pairs = [
        MapPair(
            cell=f"cell-{k}", unit=f"first {k}", r=0.5, cell_score=0.9, unit_score=None, cell_map=maps[0],
            unit_map=maps[1], cell_correlation=maps[2], unit_correlation=maps[3],
        )
        for k in range(3)
    ]  # fmt: skip
    common = {"epoch": "production", "step_ms": 20, "model_shares": (0.6, 0.2), "neural_shares": (0.5, 0.3)}
    made = {
        BALL_FILE: BallPicture(
            step_ms=50, half_arena_deg=10, occluder_deg=5, model_error_deg=1, neural_error_deg=2, n_conditions=79,
            trials=trials,
        ),
        TRAJECTORIES_FILE: TrajectoriesPicture(n_units=20, n_neurons=75, lines=lines, **common),
        MAPS_FILE: MapsPicture(bin_m=0.05, n_cells=10, n_units=64, pairs=pairs),
    }  # fmt: skip
    return {name: picture_json(picture) for name, picture in made.items()}


def _beside(way, rng):
    return [tuple(place) for place in (np.asarray(way) + rng.normal(0, 0.3, (len(way), 2))).round(2).tolist()]


def entry(candidate, benchmark, value, shared, rng, *, n_targets=40, files=True, more=None, **changes):
    """A record with a score, per-target values, and resamples that share what `shared` (n_resamples,) varies.

    `more` are further files by name.
    """
    further, value = {} if more is None else more, float(value)
    draws = value + 0.05 * shared + 0.01 * rng.standard_normal(len(shared))
    ceiling = np.full(len(shared), 0.8) + 0.02 * shared
    npy = resamples_to_npy(
        Resamples.of("bootstrap", N_UNITS, raw=draws * ceiling, ceiling=ceiling, normalised=draws)
    )
    targets = _targets_csv(value, n_targets, rng)
    low, high = map(float, np.quantile(draws, [0.025, 0.975]))
    layers = {name: float(value - 0.1 + 0.1 * rng.random()) for name in ("first", "second", "third")}
    score = ScoreRecord(
        raw=estimate(0.8 * value, 0.8 * low, 0.8 * high),
        ceiling=estimate(0.8, 0.75, 0.85),
        normalised=estimate(value, low, high),
        above_ceiling=value > 1,
        layer=max(layers, key=layers.__getitem__),
        layer_scores=layers,
        facts={"n_conditions": 59, "share": 0.25},
        n_targets=n_targets,
        targets_sha256=sha256_of_bytes(targets),
        files=({RESAMPLES_FILE: sha256_of_bytes(npy)} if files else {})
        | {name: sha256_of_bytes(body) for name, body in further.items()},
        resampling=Resampling(kind="bootstrap", n_units=N_UNITS) if files else None,
    )
    named = {TARGETS_FILE: targets} | ({RESAMPLES_FILE: npy} if files else {}) | further
    return Entry(record(candidate, benchmark, score=score, **changes), named)


def many_entries(
    n_candidates, n_benchmarks, *, n_resamples=100, n_targets=40, seed=0, missing=0.1, **changes
):
    """A whole board's entries: most pairs with a value, some failed, some not applicable, some not there."""
    rng = np.random.default_rng(seed)
    for benchmark in benchmark_names(n_benchmarks):
        shared = rng.standard_normal(n_resamples)
        for number in range(n_candidates):
            name = f"candidate-{number:03d}"
            chance = rng.random()
            if chance < missing / 3:
                continue
            if chance < 2 * missing / 3:
                yield failed(name, benchmark, **changes)
            elif chance < missing:
                yield Entry(record(name, benchmark, "not applicable", **changes))
            else:
                value = 1 - number / n_candidates + 0.1 * rng.standard_normal()
                yield entry(name, benchmark, value, shared, rng, n_targets=n_targets, **changes)


def _targets_csv(value, n, rng):
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("neuroid_id", "raw", "ceiling", "normalised"))
    for target in range(n):
        share = value + 0.1 * rng.standard_normal()
        writer.writerow((f"n{target:03d}", 0.8 * share, 0.8, share))
    return buffer.getvalue().encode()

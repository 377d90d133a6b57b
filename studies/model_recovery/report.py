"""A study's report as text: tables for a file and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...core.recovery_report import Recovery, RecoveryReport

__all__ = ["SUMMARY_COLUMNS", "markdown", "summary_rows"]

SUMMARY_COLUMNS = (
    "benchmark",
    "reliability",
    "draws",
    "first",
    "in front",
    "alone in front",
    "fewer than 95 % first",
)


def summary_rows(report: RecoveryReport) -> list[tuple[str, ...]]:
    """One row a benchmark and reliability."""
    return [
        (
            one.benchmark,
            f"{one.reliability:g}",
            f"{len(one.candidates)} x {one.draws}",
            _percent(one.share_first),
            _percent(one.share_in_front),
            _percent(one.share_alone),
            ", ".join(one.missed) or "none",
        )
        for one in report.recovery
    ]


def markdown(report: RecoveryReport, *, numbers: str = "validity.json") -> str:
    """The whole report; `numbers` is the file beside it that holds them."""
    sections = [
        _head(report, numbers),
        _recovery(report),
        _pairs(report),
        _more(report),
        _calibration(report),
    ]
    return "\n".join([*sections, _controls(report), _nuisance(report), _left_out(report)])


def _head(report: RecoveryReport, numbers: str) -> str:
    lines = ["# Does the ranking find the true model?", ""]
    lines += [
        "Brains were simulated from each candidate in turn: its activations at the benchmark's own samples, read "
        "out by neurons under random sparse positive weights, with Poisson spikes. All candidates were then scored "
        "on each brain with the benchmark's own metric and choice of layer, and ordered by the board's own paired "
        "tests. Everything here is SIMULATED.",
        "",
        "Made by",
        "",
        *(f"    {command}" for command in report.command.split("\n")),
        "",
        f"on {report.created}, code {_codes(report)}. The numbers are in [{numbers}]({numbers}).",
        "",
        "What was made smaller than on the board:",
        "",
    ]
    lines += [f"- {name}: {value}." for name, value in report.settings.items()]
    return "\n".join([*lines, ""])


def _codes(report: RecoveryReport) -> str:
    return ", ".join(code[:12] for code in report.code.split("\n"))


def _recovery(report: RecoveryReport) -> str:
    lines = ["## Recovery", ""]
    lines += [_verdict(report), ""]
    lines += _table(SUMMARY_COLUMNS, summary_rows(report))
    lines += [""]
    for one in report.recovery:
        lines += [f"### {one.benchmark}, reliability {one.reliability:g}", "", _facts(one), ""]
        numbered = [str(place + 1) for place in range(len(one.candidates))]
        header = ("generating", *numbered, "alone in front")
        rows = [
            (f"{place + 1} {name}", *(str(count or "·") for count in one.first[place]), str(one.alone[place]))
            for place, name in enumerate(one.candidates)
        ]
        lines += [*_table(header, rows), ""]
    return "\n".join(lines)


def _verdict(report: RecoveryReport) -> str:
    asked = [one for one in report.recovery if one.reliability >= 0.6]
    held = [one for one in asked if not one.missed]
    return (
        f"At reliability 0.6 and above the generating candidate was first in at least 95 % of its draws, for every "
        f"candidate, on {len(held)} of {len(asked)} benchmarks and reliabilities; where it was not, the last "
        "column names the candidates and how often they were first. `in front` is how often it was in the best tie "
        "group, `alone in front` how often nobody else was."
    )


def _facts(one: Recovery) -> str:
    layer = (
        "" if one.layer is None else f"; the generating layer was chosen in {_percent(one.layer)} of draws"
    )
    unscored = sum(one.unscored)
    refused = f"In {unscored} of all draws the metric gave no candidate a score. " if unscored else ""
    return (
        f"{one.draws} brains of {one.neurons} neurons from each candidate, {one.repetitions} repetitions, "
        f"{one.samples} samples; split halves gave a reliability of {one.measured_reliability or 0:.2f}{layer}. "
        f"{refused}Rows: generating candidate; columns: how often each was first."
    )


def _pairs(report: RecoveryReport) -> str:
    lines = [
        "## Pairs that are not significantly different",
        "",
        "Generating candidate and another that was not behind it and significantly different from it in 95 % of "
        "draws, at reliability 0.6 and above; the ten worst of each. `data` is how many times the neurons and "
        "conditions would make the mean difference significant, if errors fall with the root of the data; none "
        "where the other is ahead on average, which no amount of the same data mends.",
        "",
    ]
    rows = [
        (
            one.benchmark,
            f"{one.reliability:g}",
            pair.generating,
            pair.other,
            _percent(pair.apart),
            _percent(pair.ahead),
            f"{pair.difference:.3f} ± {pair.error:.3f}",
            "none" if pair.factor is None else f"{pair.factor:.1f}",
        )
        for one in report.recovery
        if one.reliability >= 0.6
        for pair in one.pairs[:10]
    ]
    header = (
        "benchmark",
        "reliability",
        "generating",
        "other",
        "significantly different",
        "other ahead",
        "difference",
        "data",
    )
    return "\n".join([*lines, *_table(header, rows), ""])


def _more(report: RecoveryReport) -> str:
    rows = [
        (
            one.benchmark,
            f"{one.reliability:g}",
            one.generating,
            one.data,
            *_shares(one.first, one.alone, one.draws),
        )
        for one in report.more_data
    ]
    header = ("benchmark", "reliability", "generating", "with", "first", "alone")
    lines = ["## What more data did", "", "Candidates that were not first in 95 % of draws, drawn again:", ""]
    return "\n".join([*lines, *_table(header, rows), ""])


def _shares(first: int, alone: int, draws: int) -> tuple[str, str]:
    return f"{first}/{draws}", f"{alone}/{draws}"


def _calibration(report: RecoveryReport) -> str:
    rows = [
        (
            one.benchmark,
            "" if one.reliability is None else f"{one.reliability:g}",
            one.conditions,
            str(one.n),
            _percent(one.covered),
            _percent(one.below),
            _percent(one.above),
            "" if one.bias is None else f"{one.bias:+.3f}",
            _percent(one.covered_mean),
        )
        for one in report.calibration
    ]
    header = (
        "benchmark",
        "reliability",
        "conditions",
        "intervals",
        "covered",
        "below",
        "above",
        "bias",
        "mean",
    )
    lines = [
        "## Calibration",
        "",
        "How often 95 % intervals cover the score that the same candidate has on the same generating candidate's "
        f"brain with unlimited data: {report.settings.get('unlimited data', '')}.",
        "",
        "- Conditions the same for all brains and for that score: intervals, which allow for other conditions, "
        "too, should cover more than 95 %.",
        "- Conditions drawn anew: each brain was asked about conditions of its own, and that score is the mean "
        "over four further sets of conditions.",
        "- `below` and `above` are intervals wholly below and above that score; `bias` is the mean of score less "
        "that score.",
        "- `mean` is how often intervals cover the mean score of draws of the same kind: their width without the "
        "bias that little data leave in the score (given for five draws or more).",
        "",
    ]
    return "\n".join([*lines, *_table(header, rows), ""])


def _controls(report: RecoveryReport) -> str:
    lines = [
        "## Controls beside the models",
        "",
        "On each benchmark's own recording, at the settings above; ceiling-normalised score with 95 % interval. Of "
        "the best candidate also with its states shuffled: `time` within each condition (in space: places within a "
        "block), `conditions` among conditions.",
        "",
    ]
    rows = [
        (one.benchmark, one.control, one.kind, _interval(one.value, one.low, one.high))
        for one in report.controls
    ]
    return "\n".join([*lines, *_table(("benchmark", "what", "kind", "share of ceiling"), rows), ""])


def _nuisance(report: RecoveryReport) -> str:
    lines = [
        "## What simple variables explain alone",
        "",
        "The variable in the place of a model, on each benchmark's own recording.",
        "",
    ]
    rows = [
        (one.benchmark, one.variable, _interval(one.value, None, None), _percent(one.share), one.best)
        for one in report.nuisance
    ]
    header = ("benchmark", "variable", "share of ceiling", "of the best candidate's", "the best candidate")
    return "\n".join([*lines, *_table(header, rows), ""])


def _left_out(report: RecoveryReport) -> str:
    lines = ["## Left out", ""]
    return "\n".join([*lines, *(f"- {one.name}: {one.why}." for one in report.left_out), ""])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *lines] if lines else ["None."]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    shown = "" if value is None else f"{value:.3f}"
    return shown if low is None or high is None else f"{shown} [{low:.3f}, {high:.3f}]"

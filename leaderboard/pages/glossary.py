"""Words of the board that a newcomer may not know, in the sentences of docs/glossary.md."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

__all__ = ["TERMS", "anchor", "term"]

TERMS: Mapping[str, str] = {
    "candidate": "A model on the board, known by its card, which answers stimuli with activations.",
    "control": (
        "A candidate whose score is known in advance for a reason, such as one that sees the frames but "
        "simulates nothing."
    ),
    "layer": "A named part of a candidate whose units are read out together.",
    "neuroid": "One recorded channel that responds, a neuron, a multi-unit site or a voxel.",
    "condition": (
        "What cross-validation holds out whole and intervals resample, mostly one stimulus with all its time "
        "bins."
    ),
    "benchmark": "A data set, an epoch, an alignment, a metric and its parameters, declared whole on one card.",
    "noise ceiling": (
        "The raw value that the noise of a recording allows the true model, estimated from its repetitions."
    ),
    "raw score": "The metric's value before anything is divided by the ceiling.",
    "ceiling-normalised score": (
        "The raw score divided by the noise ceiling, never clipped, so that 1 is the true model."
    ),
    "held-out conditions": (
        "Conditions that a map was not fitted on, or that are kept for layer selection and never scored."
    ),
    "layer selection": "The choice of the layer that stands for a region, made on held-out conditions.",
    "interval": (
        "The range that covers the true value in a stated share of repetitions, 95 % unless said otherwise."
    ),
    "paired test": "A test of the difference of two candidates in the same resamples.",
    "significantly different": "Said of two candidates whose paired test is below the corrected level.",
    "tied": "Said of two candidates that are not significantly different, which does not mean that they are equal.",
    "rank interval": (
        "The range of ranks that a candidate can have, given which candidates it is significantly different "
        "from."
    ),
    "win rate": "In one column, the share of the other candidates that one beats, a tie counting a half.",
    "model recovery": (
        "The study that simulates brains from each candidate and asks whether the ranking finds the candidate "
        "that a brain came from."
    ),
    "record": "What a run gave, with hashes of all that went in, never changed once it is stored.",
    "column": "All that determines a value besides the candidate: benchmark, version, data, stimuli and card.",
    "row": "One bundle of a candidate, the newest one.",
    "floor": (
        "The highest score, in a column, of a baseline or an untrained network, or chance, 0, where that is "
        "higher."
    ),
    "simulated data": "Data made by a program, which say so in their name, their title and on every page.",
}


def anchor(name: str) -> str:
    """A term's place on the page of the glossary."""
    return name.replace(" ", "-")


def term(name: str, root: str, shown: str = "") -> Markup:
    """A word that says what it means where it is pointed at or tapped.

    Parameters
    ----------
    name : str
        A term of `TERMS`.
    root : str
        Way from the page to the site's root.
    shown : str
        Word as the sentence has it; by default the term itself.
    """
    return Markup('<a class="term" href="{}glossary.html#{}" data-says="{}">{}</a>').format(
        root, anchor(name), TERMS[name], shown or name
    )

"""Study: what predictors know of an object 10, 20 and 40 frames behind an occluder.

Run as ``python tests/studies/behind_occluder.py CANDIDATE... --out docs/studies/behind-occluder``, each CANDIDATE a
name or a folder. Every candidate is shown the same held-out clips of HidingShapes twice: whole, which gives its
states of the true frames, and up to the frame in which the main object's centre goes behind the panel, from which
on it goes on alone. Writes ``.json`` and ``.md``; candidates that the ``.json`` has with the same weights are not
measured again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from innerscore.candidates.interface import find_candidate
from innerscore.candidates.loaded import built
from innerscore.candidates.training.hiding.judging import HORIZONS
from innerscore.candidates.training.hiding.videos import N_AHEAD, N_CONTEXT, judged_clips
from innerscore.core.settings import load_settings
from innerscore.core.stimuli import FrameClip
from innerscore.tasks.bouncing_shapes import RATE_HZ
from innerscore.tasks.hiding_shapes import HidingClips

N_CLIPS = 256
N_FOLDS, N_BOOT, SPACING = 2, 2000, 2
# Layers whose states after the context are predictions of what they have in it.
PREDICTED = ("dynamics", "decoder")
READ = ("dynamics", "state")
PENALTIES = tuple(10.0**k for k in range(-1, 8))
READOUT = make_pipeline(StandardScaler(), Ridge())


def main() -> None:
    """Measure what is missing, write both files after each candidate."""
    arguments = _arguments()
    torch.set_num_threads(1)
    known = _known(arguments.out)
    clips = judged_clips(N_CLIPS)
    measured = []
    for name in arguments.candidates:
        card = find_candidate(name, load_settings()).card
        key = f"{card.identifier} {'' if card.weights is None else card.weights.sha256}"
        if key not in known:
            print(card.identifier, flush=True)
            known[key] = _measured(name, clips)
        measured.append({"key": key, **known[key]})
        content = {"clips": _clips_told(clips), "candidates": measured}
        arguments.out.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")
        arguments.out.with_suffix(".md").write_text(_page(content))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", nargs="+")
    parser.add_argument("--out", type=Path, default=Path("docs/studies/behind-occluder"))
    return parser.parse_args()


def _known(out: Path) -> dict[str, Any]:
    path = out.with_suffix(".json")
    content = json.loads(path.read_text()) if path.is_file() else {"candidates": []}
    return {one["key"]: {k: v for k, v in one.items() if k != "key"} for one in content["candidates"]}


def _measured(name: str, clips: HidingClips) -> dict[str, Any]:
    found = find_candidate(name, load_settings())
    candidate = built(found.card, found.path.parent, seed=0, device="cpu")
    shown = [_shown(candidate, frames) for frames in clips.frames]
    layers = shown[0][1].keys()
    ahead = {layer: np.stack([cut[layer][N_CONTEXT:] for _, cut in shown]) for layer in layers}
    whole = {layer: np.stack([true[layer] for true, _ in shown]) for layer in layers if layer in PREDICTED}
    last = {layer: values[:, N_CONTEXT - 1] for layer, values in whole.items()}
    states = {
        layer: [
            _state_row(h, ahead[layer][:, h - 1], values[:, N_CONTEXT + h - 1], last[layer]) for h in HORIZONS
        ]
        for layer, values in whole.items()
    }
    read = {layer: _position_rows(ahead[layer], last["dynamics"], clips) for layer in READ if layer in layers}
    weights = found.card.weights
    return {
        "candidate": found.card.identifier,
        "seed": None if weights is None else weights.seed,
        "steps": None if weights is None else weights.steps,
        "states": states,
        "positions": read,
    }


def _shown(candidate: Any, frames: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Activations of a clip shown whole, and shown up to the hiding."""
    frames = np.ascontiguousarray(frames)
    both = [candidate.activations(FrameClip("clip", frames, RATE_HZ, 0.3125, n)) for n in (None, N_CONTEXT)]
    whole, cut = ({layer: np.asarray(values) for layer, values in one.items()} for one in both)
    return whole, cut


def _state_row(ahead: int, predicted: np.ndarray, true: np.ndarray, last: np.ndarray) -> dict[str, Any]:
    """Squared errors, and the share of the last state's that prediction takes away, over resampled clips."""
    error, repeated = (((one - true) ** 2).mean(axis=1) for one in (predicted, last))
    draws = np.random.default_rng(0).integers(len(error), size=(N_BOOT, len(error)))
    gains = 1 - error[draws].mean(axis=1) / repeated[draws].mean(axis=1)
    low, high = np.percentile(gains, [2.5, 97.5])
    return {
        "ahead": ahead,
        "error": float(error.mean()),
        "last_repeated": float(repeated.mean()),
        "line": float(_line_error(true, last)),
        "gain": float(1 - error.mean() / repeated.mean()),
        "gain_low": float(low),
        "gain_high": float(high),
    }


def _line_error(true: np.ndarray, last: np.ndarray) -> float:
    """Squared error of the best line from each number of the last state to the same number then, over two folds.

    It has no dynamics, but knows how much of a state is still there after so long: what is lost goes to the mean.
    """
    fold = np.arange(len(true)) % N_FOLDS
    errors = []
    for k in range(N_FOLDS):
        x, y = last[fold != k], true[fold != k]
        centred = x - x.mean(axis=0)
        spread = (centred**2).sum(axis=0)
        slope = (centred * (y - y.mean(axis=0))).sum(axis=0) / np.where(spread > 0, spread, 1)
        guess = y.mean(axis=0) + slope * (last[fold == k] - x.mean(axis=0))
        errors.append(((guess - true[fold == k]) ** 2).mean())
    return float(np.mean(errors))


def _position_rows(states: np.ndarray, last: np.ndarray, clips: HidingClips) -> list[dict[str, Any]]:
    """Errors of the main object's place, read out of the states and out of the last state that was seen."""
    true = clips.positions[:, N_CONTEXT:, 0]
    hidden = clips.hidden[:, N_CONTEXT:]
    errors = _read_errors(states, true, hidden)
    repeated = _read_errors(np.repeat(last[:, None], N_AHEAD, axis=1), true, hidden)
    guesses = {
        "straight": _straight(clips),
        "where_last_seen": np.repeat(_last(clips)[:, None], N_AHEAD, axis=1),
    }
    rows = []
    for ahead in HORIZONS:
        some = hidden[:, ahead - 1]
        mine, its = errors[some, ahead - 1], repeated[some, ahead - 1]
        draws = np.random.default_rng(0).integers(len(mine), size=(N_BOOT, len(mine)))
        low, high = np.percentile((its - mine)[draws].mean(axis=1), [2.5, 97.5])
        others = {
            name: float(np.linalg.norm(guess - true, axis=2)[some, ahead - 1].mean())
            for name, guess in guesses.items()
        }
        rows.append(
            {
                "ahead": ahead,
                "n_hidden": int(some.sum()),
                "error": float(mine.mean()),
                "last_repeated": float(its.mean()),
                "better_by": float((its - mine).mean()),
                "better_low": float(low),
                "better_high": float(high),
                **others,
            }
        )
    return rows


def _read_errors(states: np.ndarray, true: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Distance (n_clips, n_steps) of the place read out from the true one, by ridge fitted on the other clips.

    It is fitted on every second step in which the object is hidden, whatever the time since then; its penalty is
    chosen on clips left out of these.
    """
    errors = np.full(true.shape[:2], np.nan)
    fold = np.arange(len(states)) % N_FOLDS
    used = hidden & (np.arange(hidden.shape[1]) % SPACING == 1)
    for k in range(N_FOLDS):
        train = used & (fold != k)[:, None]
        clip = np.broadcast_to(np.arange(len(states))[:, None], train.shape)[train]
        search = GridSearchCV(READOUT, {"ridge__alpha": PENALTIES}, cv=GroupKFold(4))
        fit = search.fit(states[train], true[train], groups=clip)
        test = hidden & (fold == k)[:, None]
        errors[test] = np.linalg.norm(fit.predict(states[test]) - true[test], axis=1)
    return errors


def _last(clips: HidingClips) -> np.ndarray:
    return clips.positions[:, N_CONTEXT - 1, 0]


def _straight(clips: HidingClips) -> np.ndarray:
    """The straight flight on from the last two frames seen, mirrored at the walls."""
    step = _last(clips) - clips.positions[:, N_CONTEXT - 2, 0]
    on = _last(clips)[:, None] + step[:, None] * np.arange(1, N_AHEAD + 1)[:, None]
    return 1 - np.abs(1 - np.mod(on, 2))


def _clips_told(clips: HidingClips) -> dict[str, Any]:
    hidden = clips.hidden[:, N_CONTEXT:]
    return {
        "n": len(hidden),
        "n_context": N_CONTEXT,
        "hidden": {str(h): int(hidden[:, h - 1].sum()) for h in HORIZONS},
    }


def _page(content: dict[str, Any]) -> str:
    told = content["clips"]
    hidden = ", ".join(f"{n} at {h}" for h, n in told["hidden"].items())
    head = f"""# Behind the occluder

What predictors know of an object 10, 20 and 40 frames of 1/12 s behind a panel, on {told["n"]} clips of
[HidingShapes](../training.md#hidingshapes) that nothing was trained on. Each saw {told["n_context"]} frames and
went on alone from the frame in which the main object's centre goes behind the panel. The panel hides it whole in
{hidden} frames. Intervals are 95 % over resampled clips. Made by

    python tests/studies/behind_occluder.py {" ".join(one["candidate"] for one in content["candidates"])}

A name with `-seed1` or `-seed2` is the folder of the same training with another seed.

{INTRODUCTION}
"""
    return "\n".join([head, *_state_table(content), "", POSITIONS, "", *_position_table(content), ""])


INTRODUCTION = """## States

Mean squared error of the predicted state against the state that the same candidate has of the true frame, and that
of the last state seen, if it stayed. Units are each candidate's own, so errors compare along a row only. Gain: the
share of the last state's error that prediction takes away; below 0 it is worse than standing still. Line: the error
of the best line from each number of the last state to the same number then, fitted on other clips; it has no
dynamics, but lets go to the mean what does not last. The layer `decoder` has frames of 16 x 16. What
`svg-lp-hiding` has in `dynamics` after the context is drawn, and nothing in its training asks that it be the latent
of a frame: its frames are to be compared."""

POSITIONS = """## The hidden object's place

Mean distance between the main object's true place and the place read out of the state, in sides of the room (20 deg
of Mental-Pong's screen), in the frames that hide it whole. The readout is linear (ridge, fitted on half of the
clips, tested on the other). Last: the same from the last state seen. The last two columns need no model: the place
where it was last seen, and the straight flight on."""


def _state_table(content: dict[str, Any]) -> Iterator[str]:
    yield "| candidate | seed | layer | frames | error | last repeated | gain | line from the last |"
    yield "|---|---|---|---|---|---|---|---|"
    for named, row in _rows(content, "states"):
        gain = f"{row['gain']:.2f} [{row['gain_low']:.2f}, {row['gain_high']:.2f}]"
        yield f"{named} | {row['error']:.3g} | {row['last_repeated']:.3g} | {gain} | {row['line']:.3g} |"


def _position_table(content: dict[str, Any]) -> Iterator[str]:
    yield "| candidate | seed | layer | frames | error | last | better by | where last seen | straight on |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for named, row in _rows(content, "positions"):
        better = f"{row['better_by']:.3f} [{row['better_low']:.3f}, {row['better_high']:.3f}]"
        others = f"{row['where_last_seen']:.3f} | {row['straight']:.3f}"
        yield f"{named} | {row['error']:.3f} | {row['last_repeated']:.3f} | {better} | {others} |"


def _rows(content: dict[str, Any], table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row of a table's content, after its first cells."""
    for one in content["candidates"]:
        for layer, rows in one[table].items():
            for row in rows:
                yield f"| `{one['candidate']}` | {one['seed']} | {layer} | {row['ahead']}", row


if __name__ == "__main__":
    main()

"""Writes files of the released structure: same keys, shapes, dtypes and old-pandas pickles; fewer units."""

import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from innerscore.tasks.mental_pong import OCCLUDER_START_DEG, STEP_MS, ball_state, sample_conditions
from innerscore.tasks.mental_pong_conditions import META_INDICES, OCCLUDED_BOUNCE, VISIBLE_BOUNCE

N_CONDITIONS, N_BINS, ONSET_MS, LAST_MS = 79, 100, 300, 5000
HALVES = ("neural_responses_sh1", "neural_responses_sh2")
SESSIONS = {"perle": "Perle", "mahler": "Mahler"}


# --- pickles as an old pandas wrote them, opcode by opcode ---


@dataclass
class Global:
    """A name, written as the opcode GLOBAL, whether or not it exists here."""

    module: str
    name: str


@dataclass
class Made:
    """What a call makes: NEWOBJ or REDUCE, then BUILD with a state."""

    function: Global
    arguments: tuple
    state: Any = None
    opcode: bytes = pickle.NEWOBJ


class OpcodePickler(pickle._Pickler):
    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Made):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(obj.opcode)
            if obj.state is not None:
                self.save(obj.state)
                self.write(pickle.BUILD)
        elif isinstance(obj, pd.DataFrame):
            self.save(old_table(obj))
        else:
            super().save(obj, save_persistent_id)


def old_pickle(content, protocol=4):
    file = io.BytesIO()
    OpcodePickler(file, protocol).dump(content)
    return file.getvalue()


def old_index(labels):
    kind = {"i": ("numeric", "Int64Index"), "f": ("numeric", "Float64Index")}.get(labels.dtype.kind)
    module, name = kind or ("base", "Index")
    content = {"data": labels.to_numpy(), "name": labels.name}
    new = Global("pandas.core.indexes.base", "_new_Index")
    return Made(new, (Global(f"pandas.core.indexes.{module}", name), content), opcode=pickle.REDUCE)


def old_table(table):
    """A data frame as pandas 1.0 to 1.2 pickled it."""
    axes = [old_index(table.columns), old_index(pd.Index(table.index.to_numpy(), name=table.index.name))]
    blocks = []
    for dtype in dict.fromkeys(table.dtypes):
        places = [place for place, kind in enumerate(table.dtypes) if kind == dtype]
        columns = [
            table.iloc[:, place].to_numpy() for place in places
        ]  # strings as objects, whatever pandas' own
        blocks.append({"values": np.array(columns, dtype=columns[0].dtype), "mgr_locs": np.array(places)})
    items = [old_index(table.columns[block["mgr_locs"]]) for block in blocks]
    state = (axes, [block["values"] for block in blocks], items, {"0.14.1": {"axes": axes, "blocks": blocks}})
    manager = Made(Global("pandas.core.internals.managers", "BlockManager"), (), state)
    content = {"_mgr": manager, "_typ": "dataframe", "_metadata": [], "attrs": {}}
    return Made(Global("pandas.core.frame", "DataFrame"), (), content)


# --- what is in them ---


def true_conditions():
    """79 conditions with the released numbers of each kind of bounce at the released places."""
    drawn = sample_conditions(180, n_bounce=90, seed=7)
    kinds = {"none": [], "visible": [], "occluded": []}
    for condition in drawn:
        kinds[_bounce(condition)].append(condition)
    places = {**dict.fromkeys(VISIBLE_BOUNCE, "visible"), **dict.fromkeys(OCCLUDED_BOUNCE, "occluded")}
    return [kinds[places.get(place, "none")].pop() for place in range(N_CONDITIONS)]


def _bounce(condition):
    times = np.arange(0, condition.end_ms)
    ball = ball_state(condition, times)
    turned = np.flatnonzero(np.sign(ball.dy) != np.sign(ball.dy[0]))
    if not len(turned):
        return "none"
    return "visible" if ball.x[turned[0]] < OCCLUDER_START_DEG else "occluded"


CONDITIONS = true_conditions()


def steps(condition):
    return [int(np.ceil(ms / STEP_MS)) for ms in (condition.occlusion_ms, condition.end_ms)]


def binned(samples):
    """Mean of each 50 samples at 1 ms, NaN left out; the last of 100 columns is NaN."""
    with np.errstate(all="ignore"):
        parts = samples[:, :4950].reshape(len(samples), 99, 50)
        count = np.isfinite(parts).sum(axis=2)
        means = np.where(count > 0, np.nansum(parts, axis=2) / np.maximum(count, 1), np.nan)
    return np.hstack([means, np.full((len(samples), 1), np.nan)])


def masks():
    spans = {
        "pretrial_pad0": (0, 0),
        "start_end_pad0": (0, 2),
        "start_occ_pad0": (0, 1),
        "occ_end_pad0": (1, 2),
    }
    found = {}
    for name, (first, last) in spans.items():
        samples = np.full((N_CONDITIONS, LAST_MS), np.nan)
        for row, condition in enumerate(CONDITIONS):
            t_occ, t_f = steps(condition)
            edges = (ONSET_MS, ONSET_MS + 41 * t_occ, ONSET_MS + 41 * t_f)
            start = 0 if name == "pretrial_pad0" else edges[first]
            samples[row, start : edges[last]] = 1
        found[name] = binned(samples)
    sources = {"start_pad0": "start_end_pad0", "f_pad0": "start_end_pad0", "occ_pad0": "occ_end_pad0"}
    for name, source in sources.items():
        found[name] = np.full((N_CONDITIONS, N_BINS), np.nan)
        for row in range(N_CONDITIONS):
            finite = np.flatnonzero(np.isfinite(found[source][row]))
            found[name][row, finite[-1 if name == "f_pad0" else 0]] = 1
    found["start_end_pad0_roll3"] = np.roll(found["start_end_pad0"], 3, axis=1)
    return found


def ball():
    samples = {axis: np.full((N_CONDITIONS, LAST_MS), np.nan) for axis in "xy"}
    for row, condition in enumerate(CONDITIONS):
        last = ONSET_MS + int(condition.end_ms) + 1
        path = ball_state(condition, np.arange(last - ONSET_MS, dtype=float))
        samples["x"][row, ONSET_MS:last], samples["y"][row, ONSET_MS:last] = path.x, path.y
    return {axis: binned(values) for axis, values in samples.items()}


def behaviour(kind):
    position = ball()
    fields = {f"ball_pos_{axis}{end}": position[axis] for axis in "xy" for end in ("", "_TRUE")}
    for name in ("paddle_pos_y", "joy", "eye_v", "eye_h", "eye_dv", "eye_dh", "eye_dtheta", "eye_dspeed"):
        fields[name] = np.zeros((N_CONDITIONS, N_BINS))
    if kind == "occ":
        for axis in "xy":
            step = np.diff(position[axis], axis=1, append=np.nan)
            for row, column in zip(*np.nonzero(np.isfinite(position[axis]) & np.isnan(step)), strict=True):
                step[row, column] = step[row, column - 1]
            fields[f"ball_pos_d{axis}_TRUE"] = step
    return fields


def responses(n_units, rng):
    """Average and halves, spikes per ms: a unit's profile and noise; some cells imputed, some silent."""
    signal = rng.gamma(2.0, 0.005, (n_units, N_CONDITIONS, N_BINS))
    pair = [signal + rng.normal(0, 0.002, signal.shape) for _ in range(2)]
    arrays = [(pair[0] + pair[1]) / 2, *pair]
    for array in arrays:
        array[..., -1] = np.nan
        if n_units > 1:
            array[1, 4, :-1] = np.nanmean(array[1])  # imputed
            array[0, 5, :-1] = 0.0  # silent
    if n_units > 2:
        for array in pair:
            array[2, :, :-1] = rng.normal(0.01, 0.002, (N_CONDITIONS, N_BINS - 1))  # unreliable
    return arrays


def trials(animals, rng, n=400):
    rows = []
    for animal in animals:
        place = rng.integers(0, N_CONDITIONS, n)
        target = np.array([CONDITIONS[k].final_y for k in place])
        table = pd.DataFrame(
            {
                "py_meta_index": np.array(META_INDICES, dtype=float)[place],
                "occ_alpha": rng.choice([1.0, 0.5], n),
                "ignore": (rng.random(n) < 0.05).astype(int),
                "success": 1,
                "failure": 0,
                "paddle_y": 0.8 * target + rng.normal(0, 1.5, n),
                "yf_mworks": target,
                "session": f"{animal}-session",
            }
        )
        rows.append(table)
    return pd.concat(rows, ignore_index=True)


def session_path(animal):
    return f"/data/phys/{SESSIONS[animal]}/2020-01-01/phys_session_ks3_merge.pkl"


def release(animal="all", *, seed=0):
    """The content of a released file, as the authors' code put it together."""
    rng = np.random.default_rng(seed)
    animals = ["perle", "mahler"] if animal == "all" else [animal]
    units = {"occ": {"perle": 5, "mahler": 3}, "vis": {"perle": 2, "mahler": 1}}
    n_units = {kind: sum(counts[name] for name in animals) for kind, counts in units.items()}
    n_meta = 6 * len(animals)
    content = {
        "trial_meta": trials(animals, rng),
        "neural_meta": pd.DataFrame(
            {
                "cluster_idx": np.arange(n_meta),
                "templates": [np.arange(k + 1) for k in range(n_meta)],
                "num_stable_trials": 500,
                "task": "pong_hand",
                "AP": 21.5,
                "data_fn": [session_path(animals[k // 6]) for k in range(n_meta)],
            }
        ),
        "behavioral_responses": {kind: behaviour(kind) for kind in ("occ", "vis")},
        "masks": {kind: masks() for kind in ("occ", "vis")},
        "ntr_vis": [120],
        "ntr_occ": [280],
        "neural_idx_global": {"occ": {}, "vis": {}},
        "conds_ch_dict": {"occ": "occ_alpha == 1 & ignore == 0", "vis": "occ_alpha != 1 & ignore == 0"},
    }
    content["meta"] = pd.DataFrame(
        {"ball_speed": 10.0, "py_meta_index": np.array(META_INDICES, dtype=float)},
        index=pd.Index(np.array(META_INDICES, dtype=float), name="py_meta_index"),
    )
    names = ("neural_responses", "neural_responses_sh1", "neural_responses_sh2")
    for name in names:
        content[name] = {}
    for kind, counts in units.items():
        rows = np.concatenate([6 * k + np.arange(counts[name]) for k, name in enumerate(animals)])
        for name, array in zip(names, responses(n_units[kind], rng), strict=True):
            content[name][kind] = array
            content["neural_idx_global"][kind][name] = rows.astype(np.int64)
    reliable = np.setdiff1d(np.arange(n_units["occ"]), [2])
    content["reliable_neural_idx"] = {"occ": reliable}
    for end in ("", "_sh1", "_sh2"):
        content[f"neural_responses_reliable{end}"] = {
            "occ": content[f"neural_responses{end}"]["occ"][reliable]
        }
        factors = rng.normal(size=(10, N_CONDITIONS, N_BINS))
        content[f"neural_responses_reliable_FactorAnalysis_10{end}"] = {"occ": factors}
    return content


def meta_table():
    """The released table of conditions, with further rows as in the original."""
    rows = []
    for meta_index, condition in zip(META_INDICES, CONDITIONS, strict=True):
        t_occ, t_f = steps(condition)
        dx, dy = (1e-3 * STEP_MS * speed for speed in condition.velocity)
        rows.append(
            {
                "meta_index": meta_index,
                "x0_mwk": condition.x0,
                "y0_mwk": condition.y0,
                "dx_rnn": dx,
                "dy_rnn": dy,
                "t_occ": t_occ,
                "t_f": t_f,
                "n_bounce_correct": condition.n_bounces,
            }
        )
    table = pd.DataFrame(rows)
    return pd.concat([table.assign(meta_index=table["meta_index"] + 1), table.iloc[::-1]], ignore_index=True)

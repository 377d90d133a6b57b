"""Files of the structure of Sohn et al. 2019, small: one session of an animal and its behaviour."""

import numpy as np
import scipy.io

from innerscore.core.cards import DataFile
from innerscore.core.hashing import sha256_of_file
from innerscore.data_registry import registry
from innerscore.data_registry.sohn2019.loader import sohn2019
from innerscore.tasks.ready_set_go import conditions

SAMPLES_PER_S = 30_000
NAMES = ("161210.mat", "H_RSGprior_DMFC.mat")
FIT = {"w_m": 0.05, "w_p": 0.08, "offset1": -20.0, "offset2": 10.0}


def trials(n_each=6, seed=0):
    """Columns of `n_each` good trials of each condition, 10 aborted, 5 early, 5 outliers, in random order."""
    rng = np.random.default_rng(seed)
    kinds = ["good"] * 40 * n_each + ["aborted"] * 10 + ["early"] * 5 + ["outlier"] * 5
    which = [*range(40)] * n_each + list(rng.integers(0, 40, 20))
    order = rng.permutation(len(kinds))
    shown = [conditions()[which[k]] for k in order]
    kind = np.array(kinds)[order]
    t_s = np.array([one.t_s_ms for one in shown], dtype=float)
    t = t_s * rng.uniform(0.9, 1.1, len(t_s))
    t[kind == "aborted"] = -2 * t_s[kind == "aborted"]
    t[kind == "early"] = -0.5 * t_s[kind == "early"]
    ready = 2.0 + 4.0 * np.arange(len(t_s))
    return {
        "kind": kind,
        "condition": np.array([one.identifier for one in shown]),
        "short": np.array([float(one.prior == "short") for one in shown]),
        "eye": np.array([float(one.effector == "eye") for one in shown]),
        "theta": np.array([0.0 if one.direction == "right" else 180.0 for one in shown]),
        "t_s": t_s,
        "t": t,
        "ready": ready,
        "set": ready + t_s / 1000,
        "go": ready + t_s / 1000 + t / 1000 - 0.018,
    }


def events(columns, n_columns=12):
    """Rows of tInfo: an aborted trial ends after stage 2, an early one after 4."""
    rows = []
    for k in range(len(columns["t"])):
        ready, last = columns["ready"][k], {"aborted": 2, "early": 4}.get(columns["kind"][k], 7)
        times = [
            ready - 1,
            ready - 0.8,
            ready - 0.4,
            ready,
            columns["set"][k],
            columns["go"][k],
            columns["go"][k] + 0.05,
        ]
        facts = [columns[name][k] for name in ("short", "eye", "theta", "t_s", "t")]
        for stage in range(1, last + 1):
            row = [k + 1, stage, times[stage - 1], *facts, 500, 250, 500, 0, 0, 0]
            rows.append(row[:n_columns])
    return np.array(rows, dtype=float)


def spikes(columns):
    """Samples of two units: 1001 fires three times after each Ready, 1002 once after Set, both now and then."""
    rng = np.random.default_rng(1)
    end = columns["ready"][-1] + 3
    with_set = ~np.isin(columns["kind"], ["aborted", "early"])
    own = {
        1001: [columns["ready"] + since for since in (0.11, 0.21, 0.31)],
        1002: [columns["set"][with_set] + 0.13, columns["ready"] + 0.3, columns["ready"] + 0.05],
    }
    return {
        unit: np.round(np.sort(np.concatenate([*parts, [0.5, end], rng.uniform(1, end, 60)])) * SAMPLES_PER_S)
        for unit, parts in own.items()
    }


def session_content(columns, n_columns=12):
    """Variables of a session's file, its spikes unit after unit and so not in order."""
    by_unit = spikes(columns)
    return {
        "sp": np.concatenate(list(by_unit.values())).astype(np.uint64)[:, None],
        "idClust": np.repeat([*by_unit], [*map(len, by_unit.values())]).astype(np.int32)[:, None],
        "idSU": np.array([[1001, 1], [1002, 0]], dtype=np.uint16),
        "tInfo": events(columns, n_columns),
    }


def behaviour_content(columns, session=161210, before=7):
    """Variables of a file of behaviour: rows before the recording and of another session beside the trials'."""

    def column(values, kind):
        other = np.full(before, values[0])
        return np.concatenate([other, other, values]).astype(kind)[:, None]

    n = len(columns["t"])
    numbers = np.concatenate([np.full(before, 161203), np.full(before + n, session)])
    return {
        "T": column(columns["t_s"], np.uint16),
        "t": column(columns["t"], float),
        "idShortTrial": column(columns["short"], np.uint8),
        "idHandEye": column(columns["eye"], np.uint8),
        "theta": column(columns["theta"], np.uint8),
        "idOut": column((columns["kind"] != "good").astype(float), np.uint8),
        "sessId": numbers.astype(np.int32)[:, None],
        "wFit": {name: np.array([[value]]) for name, value in FIT.items()},
    }


def put(settings, session, behaviour, names=NAMES):
    """Write both files where the data set looks for them, and give the data set whose card pins them."""
    folder = settings.data_dir / "sohn2019"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(names, (session, behaviour), strict=True):
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            scipy.io.savemat(folder / name, content, do_compression=True)
    files = tuple(
        DataFile(name=name, url=f"https://example.org/{name}", sha256=sha256_of_file(folder / name))
        for name in names
    )
    card = registry(settings).find("Sohn2019").card
    return sohn2019(card.model_copy(update={"files": files}), settings)

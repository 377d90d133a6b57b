"""Damaged, altered and hostile files: typed errors that name file and field, nothing run, nothing cached."""

import contextlib
import copy
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
import released_files as written
import scipy.io
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from released_files import Global, Made

from innerscore.core.errors import ChecksumError, InvalidDataError
from innerscore.core.labelled import coordinate
from innerscore.data_registry.files.archives import extract_member
from innerscore.data_registry.readers._pickle_parts import ADMITTED
from innerscore.data_registry.readers.safe_pickle import read_pickle


class Hostile:
    """What a pickle that runs code looks like; the mark shows whether it did."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def changing(module, name, state):
    """A pickle that sets attributes of what a name leads to, by the opcode BUILD."""
    return f"c{module}\n{name}\n{state}b.".encode()


@pytest.mark.parametrize("state", ["(N(Vresolve\nc__builtin__\nset\ndt", "(dVresolve\nc__builtin__\nset\ns"])
def test_no_pickle_changes_how_the_next_one_is_read(tmp_path, state):
    good, bad = tmp_path / "good.pkl", tmp_path / "bad.pkl"
    values = {
        "array": np.arange(6.0).reshape(2, 3),
        "scalar": np.float64(2),
        "table": pd.DataFrame({"a": [1]}),
    }
    good.write_bytes(pickle.dumps(values, 5))
    for module, name in ADMITTED:
        bad.write_bytes(changing(module, name, state))
        with pytest.raises(InvalidDataError):
            read_pickle(bad)
    found = read_pickle(good)
    np.testing.assert_array_equal(found["array"], values["array"])
    assert found["scalar"] == 2
    pd.testing.assert_frame_equal(found["table"], values["table"])


def nothing_cached(settings):
    return not settings.cache_dir.exists() or not [p for p in settings.cache_dir.rglob("*") if p.is_file()]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("os.system", "touch {mark}"),
        ("builtins.eval", "open('{mark}','w')"),
        ("builtins.exec", "open('{mark}','w')"),
    ],
)
def test_a_pickle_that_runs_code_is_refused_and_nothing_is_run(
    place, settings, tmp_path, pooled_content, protocol, function, arguments
):
    mark = tmp_path / "mark"
    module, name = function.rsplit(".", 1)
    call = getattr(__import__(module), name)
    content = {
        **{key: pooled_content[key] for key in ("ntr_occ",)},
        "meta": Hostile(call, arguments.format(mark=mark)),
    }
    dataset = place(pickle.dumps(content, protocol))
    with pytest.raises(InvalidDataError, match=r"asks for '.*'. Nothing was run") as caught:
        dataset.recording("DMFC")
    assert "all_hand_dmfc_dataset_50ms.pkl" in str(caught.value)
    assert not mark.exists()
    assert nothing_cached(settings)


@pytest.mark.parametrize(
    "opcodes",
    [
        b"cposix\nsystem\n(S'touch MARK'\ntR.",
        b"(S'touch MARK'\niposix\nsystem\n.",  # INST
        b"(cposix\nsystem\nS'touch MARK'\no.",  # OBJ
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0atouch MARK\x85R.",  # STACK_GLOBAL
        b"\x80\x04\x8c\x08builtins\x8c\x0cgetattr.func\x93.",  # a dotted name
        b"cnumpy\nndarray.tofile\n.",
        b"cpandas\nread_pickle\n(S'MARK'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\n(I0\ntS'b'\ntR.",
        b"\x80\x02cfunctools\npartial\ncposix\nsystem\n\x85R.",
        b"P1\n.",  # a persistent identifier
        b"\x80\x02\x82\x01.",  # the extension registry
    ],
)
def test_every_way_to_name_code_is_closed(tmp_path, monkeypatch, opcodes):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "f.pkl"
    path.write_bytes(opcodes)
    with pytest.raises(InvalidDataError, match=r"f\.pkl"):
        read_pickle(path)
    assert not (tmp_path / "MARK").exists()


def array_pickle(shape, data, dtype="f8", state=None):
    """An array by its opcodes, with whatever parts."""
    kind = Made(Global("numpy", "dtype"), (dtype, False, True), state, pickle.REDUCE)
    made = Global("numpy.core.multiarray", "_reconstruct")
    start = (Global("numpy", "ndarray"), (0,), b"b")
    return written.old_pickle(Made(made, start, (1, shape, kind, False, data), pickle.REDUCE))


@pytest.mark.parametrize(
    "data",
    [
        array_pickle((1 << 40,), b"\x00" * 8),
        array_pickle((-1,), b""),
        array_pickle((2,), b"\x00" * 15),
        array_pickle("ab", b"\x00" * 16),
        array_pickle((1,), b"\x00" * 8, dtype="O8"),
        array_pickle((1,), b"\x00" * 8, dtype="V8"),
        array_pickle((1,), b"\x00" * 8, state=(3, "<", None, ("a",), {"a": 1}, 8, 8, 0)),
        written.old_pickle(Made(Global("pandas.core.frame", "DataFrame"), (), {"_mgr": 3})),
        written.old_pickle(Made(Global("pandas.core.frame", "DataFrame"), ())),
        written.old_pickle(Made(Global("numpy.core.multiarray", "scalar"), (3, b""), opcode=pickle.REDUCE)),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, data):
    path = tmp_path / "f.pkl"
    path.write_bytes(data)
    with pytest.raises(InvalidDataError, match="damaged"):
        read_pickle(path)


SMALL = [
    written.old_pickle(
        {"t": written.trials(["perle"], np.random.default_rng(0), n=3), "a": np.eye(2)}, protocol
    )
    for protocol in (2, 3, 4)
]


@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=3),
)
@settings_of_hypothesis(max_examples=300, deadline=None)
def test_changed_bytes_give_a_value_or_a_typed_error_and_nothing_else(tmp_path_factory, data, changes):
    changed_bytes = bytearray(data)
    for place, value in changes:
        changed_bytes[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "changed.pkl"
    path.write_bytes(changed_bytes)
    with contextlib.suppress(InvalidDataError):
        read_pickle(path)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_tables_of_todays_pandas_are_read_too(tmp_path, protocol):
    table = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": ["x", None]}, index=pd.Index([5.0, 7.0]))
    content = {"t": table, "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "n": np.float32(2.5)}
    path = tmp_path / "f.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    found = read_pickle(path)
    pd.testing.assert_frame_equal(found["t"], table)
    np.testing.assert_array_equal(found["f"], content["f"])
    assert found["n"] == 2.5


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_refused_and_leaves_nothing(place, settings, pooled_bytes, share):
    dataset = place(pooled_bytes[: int(share * len(pooled_bytes))])
    with pytest.raises(InvalidDataError, match=r"all_hand_dmfc_dataset_50ms\.pkl"):
        dataset.recording("DMFC")
    assert nothing_cached(settings)


def test_a_file_altered_after_its_first_use_is_refused(place, settings, pooled_bytes):
    place(pooled_bytes).recording("DMFC")
    dataset = place(pooled_bytes[:-1] + b"\x00")
    with pytest.raises(ChecksumError):
        dataset.recording("DMFC")


def changed(content, path, value):
    """A copy of the content with one field changed, or taken out where the value is None."""
    result = copy.copy(content)
    inner = result
    *folders, name = path.split("/")
    for folder in folders:
        inner[folder] = copy.copy(inner[folder])
        inner = inner[folder]
    if value is None:
        del inner[name]
    else:
        inner[name] = value(inner[name])
    return result


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("neural_responses_sh1", None, "'neural_responses_sh1' .*missing"),
        ("neural_responses_sh2/vis", None, r"'neural_responses_sh2\.vis' .*missing"),
        ("masks/occ/occ_end_pad0", None, r"'masks\.occ\.occ_end_pad0'"),
        ("masks", lambda _: [1], r"'masks\.\w+' .*list"),
        ("behavioral_responses/occ/ball_pos_x_TRUE", None, r"ball_pos_x_TRUE"),
        ("reliable_neural_idx/occ", None, r"'reliable_neural_idx\.occ'"),
        ("reliable_neural_idx/occ", lambda rows: rows + 5, r"'reliable_neural_idx\.occ' .*rows"),
        ("neural_meta", None, "'neural_meta'"),
        ("neural_meta", lambda table: table.assign(data_fn="/data/x.pkl"), r"'neural_meta\.data_fn'"),
        ("meta", lambda table: table[::-1], r"'meta\.py_meta_index'"),
        (
            "neural_responses_sh1/occ",
            lambda rows: rows[:, :78],
            r"'neural_responses_sh1\.occ' .*\(8, 78, 100\)",
        ),
        (
            "neural_responses_sh1/occ",
            lambda rows: rows[1:],
            r"'neural_idx_global\.occ\.neural_responses_sh1'",
        ),
        ("neural_responses_sh1/occ", lambda rows: rows.astype(str), r"'neural_responses_sh1\.occ' .*numeric"),
        ("masks/occ/start_end_pad0", lambda mask: mask.T, r"'masks\.occ\.start_end_pad0' .*\(100, 79\)"),
        (
            "neural_idx_global/occ/neural_responses_sh2",
            np.zeros_like,
            r"'neural_idx_global\.occ\.neural_responses_sh2' .*distinct",
        ),
        (
            "neural_idx_global/occ/neural_responses_sh2",
            lambda ids: ids + 100,
            r"'neural_idx_global\.occ' .*no unit in both halves",
        ),
    ],
)
def test_what_does_not_fit_is_named_by_file_and_field(place, settings, pooled_content, path, value, message):
    dataset = place(written.old_pickle(changed(pooled_content, path, value)))
    with pytest.raises(InvalidDataError, match=message) as caught:
        dataset.recording("DMFC")
    assert "all_hand_dmfc_dataset_50ms.pkl" in str(caught.value)
    assert nothing_cached(settings)


def test_halves_with_different_rows_are_matched_by_unit(place, pooled_content):
    """Half 1 lacks unit 1, half 2 comes in another order: rows pair by number, never by place."""
    content = changed(pooled_content, "neural_responses_sh1/occ", lambda rows: np.delete(rows, 1, axis=0))
    content = changed(content, "neural_idx_global/occ/neural_responses_sh1", lambda ids: np.delete(ids, 1))
    content = changed(content, "neural_responses_sh2/occ", lambda rows: rows[::-1])
    content = changed(content, "neural_idx_global/occ/neural_responses_sh2", lambda ids: ids[::-1].copy())
    trials = place(written.old_pickle(content)).trials("all", "occ")
    kept = [0, 2, 3, 4, 5, 6, 7]
    for half in (0, 1):
        expected = pooled_content[f"neural_responses_sh{half + 1}"]["occ"][kept].transpose(1, 0, 2) * 1000
        np.testing.assert_allclose(trials.values[79 * half :][:79], expected, rtol=1e-6)
    assert coordinate(trials, "reliable").tolist() == [True, False, True, True, True, True, True]
    assert "matched" in trials.attrs["halves"]


def test_a_file_without_trials_is_a_recording_without_behaviour(place, pooled_content):
    dataset = place(written.old_pickle(changed(pooled_content, "trial_meta", None)))
    assert dataset.recording("DMFC").sizes["neuroid"] == 7
    with pytest.raises(InvalidDataError, match="trial_meta"):
        dataset.behaviour("all")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="dx_rnn"), "'dx_rnn'"),
        (lambda table: table[table["meta_index"] != 29337], "29337"),
        (lambda _: {"a": 1}, "dict"),
    ],
)
def test_a_table_of_conditions_that_lacks_something_is_named(place, change, message):
    dataset = place(written.old_pickle(change(written.meta_table())), "valid_meta_sample_full.pkl")
    with pytest.raises(InvalidDataError, match=message) as caught:
        dataset.stimuli()
    assert "valid_meta_sample_full.pkl" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not MATLAB at all" * 20])
def test_what_is_no_matlab_file_is_named(place, content):
    dataset = place(content, "perle_hand_dmfc_dataset_50ms.mat")
    with pytest.raises(InvalidDataError, match=r"perle_hand_dmfc_dataset_50ms\.mat"):
        dataset.recording("DMFC-perle")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_truncated_matlab_file_is_named_and_leaves_nothing(place, settings, tmp_path, compressed, share):
    fields = {name: {"occ": np.random.default_rng(0).normal(size=(3, 79, 100))} for name in written.HALVES}
    scipy.io.savemat(tmp_path / "f.mat", fields, long_field_names=True, do_compression=compressed)
    data = (tmp_path / "f.mat").read_bytes()
    dataset = place(data[: int(share * len(data))], "perle_hand_dmfc_dataset_50ms.mat")
    with pytest.raises(InvalidDataError, match=r"perle_hand_dmfc_dataset_50ms\.mat"):
        dataset.recording("DMFC-perle")
    assert nothing_cached(settings)


def test_the_published_archive_is_opened_where_it_lies(settings, place, pooled_bytes):
    dataset = place(b"", "unused")
    with zipfile.ZipFile(settings.data_dir / "rajalingham2025" / "MentalPong.zip", "w") as archive:
        archive.writestr("MentalPong/data/all_hand_dmfc_dataset_50ms.pkl", pooled_bytes)
        archive.writestr("__MACOSX/MentalPong/data/all_hand_dmfc_dataset_50ms.pkl", b"x")
    assert dataset.recording("DMFC").sizes["neuroid"] == 7


@pytest.mark.parametrize("members", [["../f.pkl", "a/f.pkl"], ["g.pkl"]])
def test_an_archive_with_no_or_several_such_files_is_named(tmp_path, members):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for member in members:
            archive.writestr(member, b"x")
    with pytest.raises(InvalidDataError, match=r"a\.zip"):
        extract_member(tmp_path / "a.zip", "f.pkl", tmp_path / "out" / "f.pkl")
    assert not (tmp_path / "out" / "f.pkl").exists()

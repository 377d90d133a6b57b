"""What a scientist does in a notebook: tables of cards and scores, objects as models, values of single neurons."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

import innerscore
from innerscore.core.display import Summary
from innerscore.core.errors import InvalidArgumentError, MissingPartError, UnknownNameError

RSA = "SimulatedMEC.rsa"


class WhereAndBack:
    """A model that knows its place: the walk's positions, in two units."""

    def activations(self, stimulus):
        return {"place": stimulus.positions}


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    kept = innerscore.core.settings.Settings(data_dir=folder, cache_dir=folder, offline=True)
    return innerscore.load_benchmark(RSA, settings=kept)


def test_an_object_scores_as_the_same_model_by_name_does(settings, benchmark):
    said = []
    ours = innerscore.score(
        WhereAndBack(), benchmark, progress=lambda *told: said.append(told), settings=settings
    )
    assert (ours.status, ours.inputs.candidate.identifier) == ("value", "where-and-back")
    named = innerscore.score("position", RSA, settings=settings)
    assert ours.score.normalised == named.score.normalised
    assert ours.inputs.data == named.inputs.data
    assert {(label, stage) for label, stage, _, _ in said} == {
        ("where-and-back on SimulatedMEC.rsa", stage) for stage in ("activations", "score")
    }
    again = innerscore.score(WhereAndBack(), benchmark, settings=settings)
    assert again.values_sha256 == ours.values_sha256, "known by its answers, which are the same"
    assert innerscore.board(settings=settings).query("state == 'value'").empty, "nothing was stored"


def test_an_object_is_stored_by_the_file_of_what_it_answered_alone(settings, tmp_path):
    with pytest.raises(InvalidArgumentError, match="save_activations"):
        innerscore.run([WhereAndBack()], [RSA], settings=settings)
    path = innerscore.save_activations(WhereAndBack(), [RSA], tmp_path / "my-place.npz", settings=settings)
    bytes_before = path.read_bytes()
    innerscore.save_activations(WhereAndBack(), [RSA], path, settings=settings)
    assert path.read_bytes() == bytes_before
    (result,) = innerscore.run([path], [RSA], settings=settings)
    assert result.record.inputs.candidate.identifier == "my-place"
    shown = innerscore.score(WhereAndBack(), RSA, name="my-place", settings=settings)
    assert result.record.score.normalised == shown.score.normalised
    with pytest.raises(InvalidArgumentError, match="npz"):
        innerscore.save_activations(WhereAndBack(), [RSA], tmp_path / "x.zip", settings=settings)


def test_what_is_no_model_is_refused_with_what_is_needed(settings, benchmark):
    with pytest.raises(InvalidArgumentError, match="without 'activations'"):
        innerscore.score(object(), benchmark, settings=settings)
    with pytest.raises(InvalidArgumentError, match="layers"):
        innerscore.score(torch.nn.Linear(2, 2), benchmark, settings=settings)

    class Changing:
        calls = 0

        def activations(self, stimulus):
            self.calls += 1
            return {f"layer{self.calls}": stimulus.positions}

    with pytest.raises(innerscore.core.errors.ActivationError, match="layer2"):
        innerscore.score(Changing(), benchmark, settings=settings)


def test_the_table_of_scores_has_version_bundle_rank_and_tie_group(settings):
    said = []
    results = innerscore.run(
        ["velocity", "position"], [RSA], progress=lambda *told: said.append(told[1]), settings=settings
    )
    assert {"activations", "score"} <= set(said)
    table = innerscore.scores(settings=settings)
    assert list(table["candidate"]) == ["position", "velocity"], "best first"
    assert list(table["tie_group"]) == [1, 2]
    by_name = {one.candidate: one.record for one in results}
    for row in table.itertuples():
        whose = by_name[row.candidate].inputs.candidate
        assert (row.candidate_version, row.bundle_sha256) == (whose.version, whose.bundle_sha256)
        assert innerscore.record(row.record_sha256, settings=settings) == by_name[row.candidate]
    assert list(innerscore.scores(candidates=["velocity"], settings=settings)["candidate"]) == ["velocity"]
    assert innerscore.scores(benchmarks=["SimulatedMEC.ridge"], settings=settings).empty
    with pytest.raises(UnknownNameError):
        innerscore.record("0" * 64, settings=settings)
    stored = innerscore.targets(results[1], settings=settings)
    pd.testing.assert_frame_equal(
        stored, innerscore.targets(results[1].record.record_sha256, settings=settings)
    )


def test_values_of_single_neurons_come_with_a_score_that_was_not_stored(settings):
    record = innerscore.score("position", "SimulatedMEC.ridge", settings=settings)
    table = innerscore.targets(record, settings=settings)
    assert len(table) == record.score.n_targets > 20
    assert {"neuroid_id", "raw", "ceiling", "normalised"} <= set(table)
    assert np.nanmin(table["raw"]) <= record.score.raw.value <= np.nanmax(table["raw"])
    for path in (settings.cache_dir / "targets").iterdir():
        path.unlink()
    with pytest.raises(MissingPartError, match=r"innerscore\.run"):
        innerscore.targets(record, settings=settings)


def test_cards_are_a_table_and_checks_a_value(settings, tmp_path):
    for kind, listed in (("candidates", "list_candidates"), ("datasets", "list_datasets")):
        table = innerscore.cards(kind, settings=settings)
        assert list(table.index) == getattr(innerscore, listed)(settings)
    assert innerscore.cards("metrics", settings=settings).loc["rsa", "title"]
    assert innerscore.card(RSA, settings=settings).metric == "rsa"
    with pytest.raises(UnknownNameError):
        innerscore.cards("models", settings=settings)
    (tmp_path / "candidate.yaml").write_text("identifier: x\n")
    faults = innerscore.check(tmp_path, settings=settings).faults
    assert any("title" in fault.reason for fault in faults)


def test_stimuli_are_written_from_python(settings, tmp_path):
    n = innerscore.export_stimuli(RSA, tmp_path / "stimuli", settings=settings)
    assert len(list((tmp_path / "stimuli").glob("*.npz"))) == n


def test_things_show_themselves_briefly_and_html_is_escaped(settings, benchmark):
    record = innerscore.score("position", benchmark, settings=settings)
    for thing in (
        record,
        benchmark,
        innerscore.load_candidate("pixels", settings=settings),
        *(innerscore.load_dataset(name, settings=settings) for name in innerscore.list_datasets(settings)),
    ):
        text, html = repr(thing), thing._repr_html_()
        assert len(text.splitlines()) <= 14, text
        assert max(map(len, text.splitlines())) < 330
        assert re.findall(r"<(\w+)", html).count("tr") == len(text.splitlines()) - 1
    assert f"{record.score.normalised.value:.3f}" in repr(record)
    assert record.record_sha256 in repr(record)
    (refused,) = innerscore.run(["pixels"], [RSA], settings=settings)
    assert "not applicable" in repr(refused)
    evil = Summary("<b>", [("<i>", "<script>")])
    assert "<script>" not in evil.html
    assert "<b>" not in evil.html
    assert "<i>" not in evil.html

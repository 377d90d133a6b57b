import pytest
import yaml

from innerscore.core.cards import BenchmarkCard, CandidateCard, DatasetCard, read_card
from innerscore.core.errors import InvalidCardError
from innerscore.core.hashing import canonical_json, sha256_of_bytes

GOOD = {
    "identifier": "my-model",
    "title": "My model",
    "description": "A model that is mine and nobody else's.",
    "version": 1,
    "authors": ["me"],
    "licence": "MIT",
    "citation": "@misc{me}",
    "entry": "candidate.py:MyModel",
    "accepts": ["frames"],
    "layers": ["a"],
    "model_class": "example",
}


def written(tmp_path, content):
    path = tmp_path / "candidate.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_a_good_card_is_read(tmp_path):
    assert read_card(written(tmp_path, GOOD), CandidateCard).layers == ("a",)


@pytest.mark.parametrize("key", sorted(set(GOOD) - {"version"}))
def test_a_missing_key_is_named(tmp_path, key):
    content = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(InvalidCardError, match=f"key '{key}' is missing") as caught:
        read_card(written(tmp_path, content), CandidateCard)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "key 'colour' is unknown"),
        ({"identifier": "My Model"}, "key 'identifier' = 'My Model'"),
        ({"identifier": "../evil"}, "key 'identifier'"),
        ({"accepts": ["sounds"]}, "key 'accepts.0' = 'sounds'"),
        ({"accepts": []}, "key 'accepts'"),
        ({"version": 0}, "key 'version' = 0"),
        ({"entry": "os.system"}, "key 'entry'"),
        ({"url": "javascript:alert(1)"}, "key 'url'"),
        ({"layers": ["<b>"]}, "key 'layers.0'"),
        ({"layers": ["a", "b", "a"]}, "a stands twice"),
        ({"version": True}, "a truth value is no number"),
        ({"acepts": ["frames"]}, r"key 'acepts' is unknown\. Did you mean 'accepts'\? Its keys are"),
    ],
)
def test_an_extra_key_or_an_illegal_value_is_named(tmp_path, changes, message):
    with pytest.raises(InvalidCardError, match=message):
        read_card(written(tmp_path, GOOD | changes), CandidateCard)


@pytest.mark.parametrize("content", ["a: [", "- list", "", "!!python/object/apply:os.system ['true']"])
def test_what_is_no_plain_yaml_mapping_is_refused(tmp_path, content):
    with pytest.raises(InvalidCardError, match=r"candidate\.yaml"):
        read_card(written(tmp_path, content), CandidateCard)


def test_all_faults_are_named_at_once(tmp_path):
    content = {**GOOD, "version": 0, "colour": "red"}
    del content["title"]
    with pytest.raises(InvalidCardError, match=r"'title'.*'version'.*'colour'"):
        read_card(written(tmp_path, content), CandidateCard)


def test_a_data_sets_card_may_tell_its_loader_something(tmp_path):
    kept = {name: GOOD[name] for name in ("title", "description", "licence", "citation")}
    content = kept | {"identifier": "Mine2026", "entry": "a:b", "simulated": False, "species": "rat"}
    content |= {"regions": ["MEC"], "folder": "mine"}
    assert read_card(written(tmp_path, content), DatasetCard).options == {}
    options = {"arena_m": [1.0, 2.0], "maps": {"bin_m": 0.1}}
    assert read_card(written(tmp_path, content | {"options": options}), DatasetCard).options == options
    with pytest.raises(InvalidCardError, match="key 'options'"):
        read_card(written(tmp_path, content | {"options": ["arena"]}), DatasetCard)


@pytest.mark.parametrize("text", ["licence: private\nlicence: MIT\n", "options: {a: 1, a: 2}\n"])
def test_a_key_that_stands_twice_is_refused(tmp_path, text):
    with pytest.raises(InvalidCardError, match="stands twice"):
        read_card(written(tmp_path, yaml.safe_dump(GOOD) + text), CandidateCard)


def test_plain_values_are_read_as_yaml_1_2_has_them(tmp_path):
    text = "options: {rat: 0403, old: no, at: 12:30, on: 2014-05-12, small: 1e-5, n: 12, x: 0.5, yes: true, none: }"
    found = read_card(written(tmp_path, yaml.safe_dump(GOOD) + text), CandidateCard).options
    assert found == {
        **{"rat": "0403", "old": "no", "at": "12:30", "on": "2014-05-12"},
        **{"small": 1e-5, "n": 12, "x": 0.5, "yes": True, "none": None},
    }


def test_a_merge_key_may_be_overridden(tmp_path):
    text = "options: {one: &one {a: 1, b: 2}, two: {<<: *one, a: 3}}"
    assert read_card(written(tmp_path, yaml.safe_dump(GOOD) + text), CandidateCard).options["two"] == {
        "a": 3,
        "b": 2,
    }


@pytest.mark.parametrize(
    "text",
    [
        "version: 100000000000000000000\n",
        "version: 0x" + "f" * 6000 + "\n",
        "options: {a: 9223372036854775808}\n",
        "options: {a: -" + "9" * 6000 + "}\n",
        "options: {a: .inf}\n",
        "options: {a: 1e400}\n",
        "min_frames: 1000001\n",
    ],
)
def test_a_number_that_no_record_can_hold_is_refused(tmp_path, text):
    content = {name: value for name, value in GOOD.items() if name != "version"}
    with pytest.raises(InvalidCardError, match=r"beyond 64 bits|not finite|1000000"):
        read_card(written(tmp_path, yaml.safe_dump(content) + text), CandidateCard)


def test_the_largest_numbers_that_a_record_can_hold_are_read(tmp_path):
    text = "options: {a: 9223372036854775807, b: -9223372036854775808, c: 0xff, d: +5, e: -0}\n"
    found = read_card(written(tmp_path, yaml.safe_dump(GOOD) + text), CandidateCard).options
    assert found == {"a": 2**63 - 1, "b": -(2**63), "c": 255, "d": 5, "e": 0}


@pytest.mark.parametrize(
    "spelling",
    [
        {"commitment": {"every": 5}},
        {"layer_selection": {"holdout_every": 5}},
        {"layer_selection": {"every": 5}},
    ],
)
def test_both_spellings_of_the_layer_selection_are_one_card_with_one_hash(tmp_path, spelling):
    benchmark = _read_benchmark(tmp_path, spelling)
    assert benchmark.layer_selection.every == 5
    assert benchmark.model_dump(mode="json")["commitment"] == {"every": 5}
    assert benchmark.model_dump(mode="json", by_alias=True) == benchmark.model_dump(mode="json")
    # As it was before the key had its new spelling: records name cards by this hash.
    hashed = sha256_of_bytes(canonical_json(benchmark.model_dump(mode="json")))
    assert hashed == "dbe48834f10ca33409589b1dfab3a0e38e46347bde84b7fd121a35edf5a943c3"


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ({"layer_selection": {"holdout_every": 1}}, "'layer_selection.holdout_every' = 1 .*score none"),
        ({"commitment": {"every": 1}}, "'commitment.every' = 1 .*score none"),
        ({"commitment": {"every": 5}, "layer_selection": {"holdout_every": 5}}, "'commitment' is unknown"),
        ({"layer_selektion": {"holdout_every": 5}}, "Did you mean 'layer_selection'"),
    ],
)
def test_a_wrong_layer_selection_is_named_as_the_card_spells_it(tmp_path, spelling, message):
    with pytest.raises(InvalidCardError, match=message):
        _read_benchmark(tmp_path, spelling)


def test_the_hint_names_the_keys_as_cards_spell_them(tmp_path):
    with pytest.raises(InvalidCardError, match="ceiling_region, layer_selection, chance"):
        _read_benchmark(tmp_path, {"nonsense": 1})


def _read_benchmark(folder, changes):
    content = {
        "identifier": "MyLab2026.ridge",
        "title": "Ridge",
        "description": "How well units predict neuroids.",
        "licence": "MIT",
        "citation": "@misc{mylab}",
        "system": "Frontal cortex",
        "dataset": "MyLab2026",
        "task": "Watching a ball that disappears.",
        "region": "DMFC",
        "alignment": "time",
        "metric": "ridge",
        "ceiling": "Split halves of the repetitions.",
    }
    path = folder / "x.benchmark.yaml"
    path.write_text(yaml.safe_dump(content | changes))
    return read_card(path, BenchmarkCard)

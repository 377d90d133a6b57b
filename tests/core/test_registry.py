import sys

import pytest
import yaml

from innerscore.core.cards import CandidateCard
from innerscore.core.errors import DuplicateNameError, InvalidCardError, UnknownNameError
from innerscore.core.registry import Registry, import_entry, registry_of

CARD = {
    "title": "T",
    "description": "An example of a candidate in a folder.",
    "authors": ["me"],
    "licence": "MIT",
    "citation": "@misc{me}",
    "entry": "candidate.py:Model",
    "accepts": ["frames"],
    "layers": ["a"],
    "model_class": "example",
}


def add(folder, name, code="class Model: pass\n"):
    folder.mkdir(parents=True)
    (folder / "candidate.yaml").write_text(yaml.safe_dump(CARD | {"identifier": name}))
    (folder / "candidate.py").write_text(code)


def registry(*folders):
    return Registry("candidate", CandidateCard, folders)


def test_listing_imports_nothing(tmp_path):
    add(tmp_path / "one", "one", "raise RuntimeError('imported')\n")
    assert list(registry(tmp_path).entries()) == ["one"]
    with pytest.raises(RuntimeError, match="imported"):
        registry(tmp_path).load("one")


def test_a_folder_may_import_its_own_modules(tmp_path):
    add(tmp_path / "one", "one", "from .net import Model\n")
    (tmp_path / "one" / "net.py").write_text("class Model:\n    size = 7\n")
    assert registry(tmp_path).load("one").size == 7


def test_two_folders_with_files_of_one_name_do_not_mix(tmp_path):
    add(tmp_path / "one", "one", "class Model: size = 1\n")
    add(tmp_path / "two", "two", "class Model: size = 2\n")
    found = registry(tmp_path)
    assert (found.load("one").size, found.load("two").size) == (1, 2)


def test_an_unknown_name_gets_suggestions(tmp_path):
    add(tmp_path / "one", "grid-code")
    with pytest.raises(UnknownNameError, match="Did you mean 'grid-code'") as caught:
        registry(tmp_path).find("grid_code")
    assert caught.value.suggestions == ("grid-code",)
    assert caught.value.exit_code == 5


def test_one_name_at_two_places_names_both(tmp_path):
    add(tmp_path / "one", "same")
    add(tmp_path / "two", "same")
    with pytest.raises(DuplicateNameError) as caught:
        registry(tmp_path).entries()
    assert str(tmp_path / "one") in str(caught.value)
    assert str(tmp_path / "two") in str(caught.value)


def test_the_same_folder_named_twice_is_one_place(tmp_path):
    add(tmp_path / "one", "one")
    assert list(registry(tmp_path, tmp_path / "one").entries()) == ["one"]


@pytest.mark.parametrize("entry", ["nowhere.py:Model", "candidate.py:Missing", "no.such.module:Model"])
def test_an_entry_that_leads_nowhere_is_refused(tmp_path, entry):
    add(tmp_path / "one", "one")
    with pytest.raises(InvalidCardError, match="entry"):
        import_entry(entry, tmp_path / "one")


def test_an_entry_in_a_folder_is_not_its_namesake_beside_it(tmp_path):
    add(tmp_path / "one", "one")
    (tmp_path / "one" / "deep").mkdir()
    (tmp_path / "one" / "deep" / "candidate.py").write_text("class Deep: ...\n")
    assert import_entry("deep/candidate.py:Deep", tmp_path / "one").__name__ == "Deep"


def test_a_missing_dependency_of_the_code_is_told_as_it_is(tmp_path):
    add(tmp_path / "one", "one", "import no_such_dependency\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        registry(tmp_path).load("one")


def test_an_installed_package_announces_itself_by_entry_point(tmp_path, monkeypatch, settings):
    add(tmp_path / "site" / "their_models", "theirs")
    (tmp_path / "site" / "their_models" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    info = tmp_path / "site" / "their_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-models\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[innerscore.candidates]\ntheirs = their_models\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    found = registry_of("candidate", CandidateCard, tmp_path / "empty", settings)
    assert list(found.entries()) == ["theirs"]

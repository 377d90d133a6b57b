import re
from pathlib import Path

import pytest

from innerscore.core.errors import InvalidInputError
from innerscore.core.settings import Settings, load_settings
from innerscore.core.sqlite_urls import sqlite_file
from innerscore.leaderboard.store import Store

ROOT = Path(__file__).resolve().parents[2]


def test_variables_win_over_the_file_and_the_file_over_defaults(tmp_path, monkeypatch):
    config = tmp_path / "config.toml"
    config.write_text('device = "cuda:1"\nthreads = 3\n')
    monkeypatch.setenv("INNERSCORE_CONFIG", str(config))
    monkeypatch.setenv("INNERSCORE_THREADS", "2")
    settings = load_settings()
    assert (settings.device, settings.threads, settings.mirror) == ("cuda:1", 2, None)


def test_plugin_folders_are_separated_as_in_path(monkeypatch):
    monkeypatch.setenv("INNERSCORE_PLUGINS", "/a:/b c")
    assert load_settings().plugins == (Path("/a"), Path("/b c"))


def test_the_store_lies_in_the_data_folder_unless_a_url_is_given(tmp_path):
    assert load_settings(data_dir=tmp_path).store == f"sqlite:///{tmp_path / 'board.sqlite'}"
    assert load_settings(store_url="sqlite:///x.sqlite").store == "sqlite:///x.sqlite"


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_an_illegal_value_names_setting_and_variable(monkeypatch, value):
    monkeypatch.setenv("INNERSCORE_THREADS", value)
    with pytest.raises(InvalidInputError, match=f"INNERSCORE_THREADS.*'{value}'"):
        load_settings()


@pytest.mark.parametrize("text", ["nonsense = 1\n", "device = \n"])
def test_an_unknown_key_or_broken_toml_is_refused(tmp_path, monkeypatch, text):
    config = tmp_path / "config.toml"
    config.write_text(text)
    monkeypatch.setenv("INNERSCORE_CONFIG", str(config))
    with pytest.raises(InvalidInputError, match=re.escape(str(config))):
        load_settings()


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "reference.md").read_text()
    missing = [name for name in Settings.model_fields if f"INNERSCORE_{name.upper()}" not in text]
    assert missing == []


@pytest.mark.parametrize("name", ["INNERSCORE_DATADIR", "INNERSCORE_HOUSE"])
def test_a_variable_that_is_no_setting_is_refused(monkeypatch, name):
    monkeypatch.setenv(name, "/somewhere")
    with pytest.raises(InvalidInputError, match=f"variable {name}"):
        load_settings()


def test_a_misspelt_variable_is_told_which_is_meant(monkeypatch):
    monkeypatch.setenv("INNERSCORE_DATADIR", "/somewhere")
    with pytest.raises(InvalidInputError, match=r"Did you mean 'INNERSCORE_DATA_DIR'\?"):
        load_settings()


@pytest.mark.parametrize("name", ["HOME", "DATA_DIR", "CACHE_DIR", "MIRROR", "STORE_URL"])
def test_an_empty_variable_is_refused(monkeypatch, name):
    monkeypatch.setenv(f"INNERSCORE_{name}", "")
    with pytest.raises(InvalidInputError, match=f"INNERSCORE_{name}.*''"):
        load_settings()


def test_a_settings_file_that_is_named_must_be_there(tmp_path, monkeypatch):
    monkeypatch.setenv("INNERSCORE_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(InvalidInputError, match=r"none\.toml"):
        load_settings()


def test_a_tilde_is_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    settings = load_settings(data_dir="~/x", cache_dir="~/y", mirror="~/z", plugins="~/p:/q")
    assert (settings.data_dir, settings.cache_dir) == (Path("/home/me/x"), Path("/home/me/y"))
    assert (settings.mirror, settings.plugins) == (Path("/home/me/z"), (Path("/home/me/p"), Path("/q")))
    monkeypatch.delenv("INNERSCORE_DATA_DIR")
    assert load_settings(home="~/h").data_dir == Path("/home/me/h/data")


def test_one_variable_puts_everything_into_one_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("INNERSCORE_HOME", str(tmp_path))
    monkeypatch.delenv("INNERSCORE_DATA_DIR")
    monkeypatch.delenv("INNERSCORE_CACHE_DIR")
    assert (load_settings().data_dir, load_settings().cache_dir) == (tmp_path / "data", tmp_path / "cache")
    monkeypatch.setenv("INNERSCORE_CACHE_DIR", "/scratch")
    assert (load_settings().data_dir, load_settings().cache_dir) == (tmp_path / "data", Path("/scratch"))


@pytest.mark.parametrize("name", ["a b", "a?b", "a%20b", "a#b"])
def test_the_store_lies_where_its_path_says(tmp_path, name):
    settings = load_settings(data_dir=tmp_path / name)
    assert sqlite_file(settings.store) == tmp_path / name / "board.sqlite"
    Store(settings.store).close()
    assert (tmp_path / name / "board.sqlite").is_file()

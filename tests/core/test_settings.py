import re
from pathlib import Path

import pytest

from innerscore.core.errors import InvalidInputError
from innerscore.core.settings import Settings, load_settings

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

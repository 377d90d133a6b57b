"""Settings: one typed value from defaults, a TOML file and ``INNERSCORE_*`` variables, the latter first.

The file is ``config.toml`` in the user's configuration folder, or the one that ``INNERSCORE_CONFIG`` names.
Nothing is read before :func:`load_settings` is called. What is misspelt or empty is refused: it would put records
and recordings into another place than the one that was meant.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .errors import InvalidInputError, did_you_mean
from .sqlite_urls import sqlite_url

__all__ = ["Settings", "load_settings"]

_PREFIX = "INNERSCORE_"
# Variables that are no settings: of the settings' file, and of the command line's --token.
_OTHER_VARIABLES = ("INNERSCORE_CONFIG", "INNERSCORE_TOKEN")


def _expanded(path: Path) -> Path:
    """The path with a leading ~ as the home folder."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


Folder = Annotated[Path, AfterValidator(_expanded)]


class Settings(BaseSettings):
    """Paths and run settings.

    Attributes
    ----------
    home : pathlib.Path or None
        One folder for everything that is kept: `data_dir` and `cache_dir` then are ``data`` and ``cache`` in it,
        where they are not given themselves. None for the user's folders of the operating system.
    data_dir : pathlib.Path
        Recordings and the board's store.
    cache_dir : pathlib.Path
        Activations and simulated recordings; may be deleted at any time.
    cache_mb : int
        Most that the cached activations may take, in MiB; those that were used longest ago are deleted first.
    mirror : pathlib.Path or None
        A folder with copies of data sets, one folder each, looked at before any download.
    offline : bool
        Never download.
    store_url : str or None
        SQLAlchemy URL of the board; None for ``board.sqlite`` in `data_dir`.
    plugins : tuple of pathlib.Path
        Folders with further candidates, benchmarks, metrics and data sets; in the variable separated like
        the folders of PATH.
    quota_open, quota_hourly, quota_names, quota_mb : int
        Most that one owner of tokens may have on a served board: submissions that have not ended, submissions in an
        hour, names of candidates, and MiB of bundles.
    bundle_days : float
        Days after which ``innerscore submission prune`` removes the bundles of failed and withdrawn submissions.
    dandi_url : str
        Address of the interface of the DANDI archive, or of a mirror of it.
    device : str
        Device of torch candidates: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    threads : int or None
        Threads for numerical work; None leaves it to the libraries.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    home: Folder | None = None
    data_dir: Folder = Field(default_factory=lambda: platformdirs.user_data_path("innerscore"))
    cache_dir: Folder = Field(default_factory=lambda: platformdirs.user_cache_path("innerscore"))
    cache_mb: Annotated[int, Field(ge=0)] = 20 * 1024
    mirror: Folder | None = None
    offline: bool = False
    store_url: str | None = None
    plugins: Annotated[tuple[Folder, ...], NoDecode] = ()
    quota_open: Annotated[int, Field(ge=0)] = 20
    quota_hourly: Annotated[int, Field(ge=0)] = 20
    quota_names: Annotated[int, Field(ge=0)] = 20
    quota_mb: Annotated[int, Field(ge=0)] = 2 * 1024
    bundle_days: Annotated[float, Field(ge=0, le=36_500)] = 30.0
    dandi_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] = "https://api.dandiarchive.org/api"
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$")] = "cpu"
    threads: Annotated[int, Field(ge=1)] | None = None

    @field_validator("plugins", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value

    @field_validator("home", "data_dir", "cache_dir", "mirror", "store_url", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        """An empty path would be the folder that the command happens to run in."""
        if value == "":
            raise ValueError("empty; leave the setting out to get its default")
        return value

    @model_validator(mode="before")
    @classmethod
    def _all_in_home(cls, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("home"):
            return given
        home = Path(given["home"])
        return {"data_dir": home / "data", "cache_dir": home / "cache", **given}

    @property
    def store(self) -> str:
        """SQLAlchemy URL of the board's store."""
        return self.store_url or sqlite_url(self.data_dir / "board.sqlite")

    @property
    def own_datasets(self) -> Path:
        """Folder of the data sets that ``innerscore data add`` made, a folder each."""
        return self.data_dir / "datasets"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (named by the library)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: arguments, environment, TOML file, defaults."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file())


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Parameters
    ----------
    **overrides : object
        Settings that win over environment and file.

    Raises
    ------
    InvalidInputError
        If a value is illegal, or a key or ``INNERSCORE_*`` variable unknown; field, got and needed are named.
    """
    _check_variables()
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise InvalidInputError(
            f"The setting '{field}' (variable INNERSCORE_{field.upper()} or {_config_file()})",
            got=repr(first["input"]),
            needed="a documented setting of a legal value",
            hint=first["msg"],
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(
            f"The settings file {_config_file()}", got=str(error), needed="valid TOML"
        ) from error


def _check_variables() -> None:
    known = [*(_PREFIX + name.upper() for name in Settings.model_fields), *_OTHER_VARIABLES]
    for name in os.environ:
        if name.startswith(_PREFIX) and name not in known:
            raise InvalidInputError(
                f"The environment variable {name}",
                got="no such setting",
                needed=f"one of {', '.join(known)}",
                hint=did_you_mean(name, known) or "Unset it.",
            )


def _config_file() -> Path:
    """The user's file of settings, which need not be there, or the one that is named, which must."""
    named = os.environ.get("INNERSCORE_CONFIG")
    if named is None:
        return platformdirs.user_config_path("innerscore") / "config.toml"
    if not (file := Path(named).expanduser()).exists():
        raise InvalidInputError(
            "The file of settings that INNERSCORE_CONFIG names",
            got=repr(named),
            needed="a file that is there",
        )
    return file

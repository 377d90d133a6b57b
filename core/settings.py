"""Settings: one typed value from defaults, a TOML file and ``INNERSCORE_*`` variables, the latter first.

The file is ``config.toml`` in the user's configuration folder, or the one that ``INNERSCORE_CONFIG`` names.
Nothing is read before :func:`load_settings` is called.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .errors import InvalidInputError

__all__ = ["Settings", "load_settings"]


class Settings(BaseSettings):
    """Paths and run settings.

    Attributes
    ----------
    data_dir : pathlib.Path
        Recordings and the board's store.
    cache_dir : pathlib.Path
        Activations and simulated recordings; may be deleted at any time.
    mirror : pathlib.Path or None
        A folder with copies of data sets, one folder each, looked at before any download.
    offline : bool
        Never download.
    store_url : str or None
        SQLAlchemy URL of the board; None for ``board.sqlite`` in `data_dir`.
    plugins : tuple of pathlib.Path
        Folders with further candidates, benchmarks, metrics and data sets; in the variable separated like
        the folders of PATH.
    device : str
        Device of torch candidates: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    threads : int or None
        Threads for numerical work; None leaves it to the libraries.
    """

    model_config = SettingsConfigDict(env_prefix="INNERSCORE_", extra="forbid", frozen=True)

    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("innerscore"))
    cache_dir: Path = Field(default_factory=lambda: platformdirs.user_cache_path("innerscore"))
    mirror: Path | None = None
    offline: bool = False
    store_url: str | None = None
    plugins: Annotated[tuple[Path, ...], NoDecode] = ()
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$")] = "cpu"
    threads: Annotated[int, Field(ge=1)] | None = None

    @field_validator("plugins", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value

    @property
    def store(self) -> str:
        """SQLAlchemy URL of the board's store."""
        return self.store_url or f"sqlite:///{self.data_dir / 'board.sqlite'}"

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
        If a value is illegal or a key unknown; field, got and needed are named.
    """
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


def _config_file() -> Path:
    named = os.environ.get("INNERSCORE_CONFIG")
    return Path(named) if named else platformdirs.user_config_path("innerscore") / "config.toml"

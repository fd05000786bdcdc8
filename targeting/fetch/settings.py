"""Folders and the key: the cache, the config folder, and where a Census key is looked for."""

import os
import tomllib
from pathlib import Path
from typing import Literal

from targeting.errors import FetchError

CONFIG = "config.toml"
KEY_VARIABLE = "CENSUS_API_KEY"
KEYS_FROM = "https://api.census.gov/data/key_signup.html"


def cache_folder() -> Path:
    """Return the user's cache folder for downloads.

    Raises
    ------
    FetchError
        When the system knows no home folder of the user.
    """
    return _of_user("cache")


def config_folder() -> Path:
    """Return the folder in which a user keeps settings and regions of their own.

    Raises
    ------
    FetchError
        When the system knows no home folder of the user.
    """
    return _of_user("config")


def census_key(given: str | None = None) -> str | None:
    """Return the Census key: given, else of the environment, else `census_api_key` of config.toml.

    Raises
    ------
    FetchError
        When config.toml cannot be read.
    """
    key = given or os.environ.get(KEY_VARIABLE) or _of_config(config_folder() / CONFIG)
    return (key or "").strip() or None


def _of_user(kind: Literal["cache", "config"]) -> Path:
    import platformdirs

    find = {"cache": platformdirs.user_cache_path, "config": platformdirs.user_config_path}[kind]
    try:
        folder = find("targeting", appauthor=False)
    except RuntimeError:  # earlier releases return "~" as it is
        folder = Path()
    if not folder.is_absolute():
        raise FetchError("no home folder of yours is known; set HOME to a folder that you may write.")
    return folder


def _of_config(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8-sig")).get("census_api_key", ""))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        broken = True  # its text may hold the key: nothing of the fault is repeated
    if broken:
        raise FetchError(f'{path}: cannot be read; write one line in it: census_api_key = "your key".')
    return ""

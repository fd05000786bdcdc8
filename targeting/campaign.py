"""The campaign file: what the planner wants, read from TOML and checked.

Paths are relative to the file. Unknown keys are errors with a suggestion. What may stand in it is in
`targeting.campaign_sections`.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from targeting.campaign_sections import SECTIONS, Campaign, Section
from targeting.errors import CampaignError
from targeting.plain_text import shortened
from targeting.toml_files import parsed, read_toml, refuse_odd

__all__ = ["Campaign", "full_key", "read_campaign", "with_settings"]

MOST_LISTED = 20  # keys in a message; a section has no more


def read_campaign(file: Path, settings: Sequence[str] | Mapping[str, object] = ()) -> Campaign:
    """Read a campaign file.

    Parameters
    ----------
    file : Path
    settings : sequence of str, or mapping
        "section.key=value" or "key=value" from the command line, or such keys with their values; they win
        over the file.

    Raises
    ------
    CampaignError
        When the file is missing, is no TOML, or holds something unusable.
    """
    content = read_toml(file)
    if isinstance(settings, Mapping):
        _change(content, settings)
    else:
        for setting in settings:
            _apply(content, setting)
    return _checked(content, file)


def with_settings(campaign: Campaign, settings: Mapping[str, object]) -> Campaign:
    """Return a campaign with some settings changed, checked as a file is.

    Parameters
    ----------
    campaign : Campaign
    settings : mapping
        Values by "section.key" or "key".

    Raises
    ------
    CampaignError
        When a key is not known or a value cannot be used.
    """
    content = campaign.model_dump(exclude_unset=True, exclude={"file"})
    _change(content, settings)
    return _checked(content, campaign.file)


def _checked(content: dict[str, Any], file: Path) -> Campaign:
    """Return the campaign that a file's content, with all changes made to it, describes."""
    if "file" in content:
        raise CampaignError(f"{file.name}: {_unknown('file', [*_keys()])}")
    refuse_odd(content, file.name)
    try:
        return Campaign(**content, file=file)
    except ValidationError as fault:
        raise CampaignError(f"{file.name}: {_sentence(fault, content)}") from fault


def _keys() -> dict[str, str]:
    """Return each key of the file with its full path: {"buses": "placement.buses", …}."""
    keys = {"name": "name"}
    for section, model in SECTIONS.items():
        keys |= {key: f"{section}.{key}" for key in model.model_fields}
    return keys


def _apply(content: dict[str, Any], setting: str) -> None:
    """Put a setting of the command line into the file's content."""
    key, equals, value = setting.partition("=")
    if not equals:
        raise CampaignError(f"--set {shortened(setting)}: write it as key=value, for example --set buses=50.")
    try:
        meant = parsed(f"value = {value}")["value"]
    except ValueError:
        meant = value.strip()
    _put(content, key.strip(), meant, f"--set {shortened(setting)}")


def _change(content: dict[str, Any], settings: Mapping[str, object]) -> None:
    """Put settings given in Python into the file's content: a path is its text there, a tuple a list."""
    for key, value in settings.items():
        plain = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        _put(content, key, plain, f"{key}={value!r}")


def _put(content: dict[str, Any], key: str, value: object, said: str) -> None:
    """Put a value where the file has its key; `said` is how the user wrote it."""
    *section, last = full_key(key, said).split(".")
    target = content.setdefault(section[0], {}) if section else content
    if not isinstance(target, dict):
        raise CampaignError(f"{section[0]}: must be a section, written [{section[0]}].")
    target[last] = value


def full_key(key: str, said: str) -> str:
    """Return a key with its section: "placement.buses" for "buses".

    Parameters
    ----------
    key : str
    said : str
        How the user wrote it, and where.

    Raises
    ------
    CampaignError
        When no setting is called so.
    """
    keys = _keys()
    path = key if key in keys.values() else keys.get(key)
    if path is None:
        raise CampaignError(f"{said}: {_unknown(key, sorted({*keys, *keys.values()}))}")
    return path


def _unknown(key: str, known: Sequence[str]) -> str:
    last = key.rpartition(".")[2]
    elsewhere = [each for each in known if "." in key and each.endswith(f".{last}")]
    alike = [each for each in known if _words(last) & _words(each)]
    close = elsewhere or get_close_matches(key, known, n=1) or alike
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}."
    if not close and len(known) > MOST_LISTED:
        hint = "docs/campaign-file.md lists all keys."
    return f"unknown key {shortened(repr(key))}: {hint}"


def _words(key: str) -> set[str]:
    """Return the words of a key; one or two letters ("of", "m") are none."""
    return {word for word in re.split(r"[\W_]+", key.casefold()) if len(word) > 2}


def _sentence(fault: ValidationError, content: dict[str, Any]) -> str:
    """Return one sentence for the first thing that is wrong, unknown keys before missing ones."""
    faults = sorted(fault.errors(), key=lambda error: error["type"] != "extra_forbidden")
    places = [_place(error["loc"], content) for error in faults]
    # of a value that may take several forms, the form that it comes nearest to says what is wrong
    setting = [place for place in places if place[:2] == places[0][:2]]
    place = max(setting, key=len)
    first = faults[places.index(place)]
    path = [part for part in place if isinstance(part, str)]
    where, kind = ".".join(path), first["type"]
    if kind == "extra_forbidden":
        return _unknown_in(path)
    if kind == "missing":
        missing = ".".join([*path, str(first["loc"][-1])])
        return f"{missing} is missing; see docs/campaign-file.md for an example."
    forms = SECTIONS[path[0]].model_fields[path[1]].description if len(path) > 1 else None
    limits = first.get("ctx", {})
    reason = {
        "list_type": 'write a list, for example ["es", "vi"]',
        "model_type": f"must be a section, written [{where}]",
        "string_type": "write text in quotes",
        "int_type": "write a whole number without quotes",
        "int_from_float": "write a whole number",
        "float_type": "write a number without quotes",
        "finite_number": "must be a finite number",
        "bool_type": "write true or false without quotes",
        "greater_than": f"must be more than {limits.get('gt', 0):g}",
        "greater_than_equal": f"must be at least {limits.get('ge', 0):g}",
        "less_than": f"must be less than {limits.get('lt', 0):g}",
        "less_than_equal": f"must be at most {limits.get('le', 0):g}",
        "literal_error": f"must be {limits.get('expected')}",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
        "string_too_long": f"must have at most {limits.get('max_length')} characters",
        "int_parsing_size": "is too large a number",
    }.get(kind, first["msg"].removeprefix("Value error, "))
    if forms and (places.count(place) > 1 or kind in ("list_type", "model_type")):
        reason = forms
    return f"{where} = {shortened(repr(first['input']))}: {reason[0].lower()}{reason[1:]}."


def _place(loc: Sequence[str | int], content: object) -> tuple[str | int, ...]:
    """Return the keys and list positions of the file that lead to a fault.

    Parameters
    ----------
    loc : sequence
        They, and between them the names of the forms that a value may take ("list[str]", "int").
    content : dict
        Of the file.
    """
    place: list[str | int] = []
    for part in loc:
        inside = part in content if isinstance(content, dict) else isinstance(part, int)
        if isinstance(content, dict | list) and inside:
            content = content[part]  # type: ignore[index]
            place.append(part)
    return tuple(place)


def _unknown_in(path: Sequence[str]) -> str:
    """Return the sentence for a key that the table it stands in does not know."""
    model: type[BaseModel] = Campaign
    for part in path[:-1]:
        kind = model.model_fields[part].annotation
        inner = [each for each in (kind, *get_args(kind)) if isinstance(each, type)]
        model = next(each for each in inner if issubclass(each, Section))
    table = "" if len(path) < 2 else f"[{path[0]}]: " if len(path) == 2 else f"[[{'.'.join(path[:-1])}]]: "
    return f"{table}{_unknown(path[-1], [key for key in model.model_fields if key != 'file' or table])}"

"""The list of a batch, `regions.csv`: one row a region, with its campaign and what is changed in it.

Whatever is wrong with the list itself is found before anything is planned. A campaign file that cannot be
used is the fault of its region alone: that region fails, and the others are planned.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from targeting.campaign import full_key, read_campaign
from targeting.errors import CampaignError, NoTextError, UnsafeFileError
from targeting.limits import DEFAULT_LIMITS
from targeting.plain_text import shortened
from targeting.text_files import examine_text

CAMPAIGN_FILE = "campaign.toml"
OWN_COLUMNS = ("name", "campaign", "region")
# Windows knows these names as devices, whatever their ending
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
TAKEN = {"summary.csv", "summary.parquet", "summary.html", "national.csv"}
LONGEST_NAME = 80


@dataclass(frozen=True)
class Region:
    """One row of the list.

    Attributes
    ----------
    name : str
        Unique, and the name of the folder that its plan is written into.
    campaign : Path
        Its campaign file, absolute.
    settings : tuple of str
        "section.key=value", as ``--set`` takes them.
    """

    name: str
    campaign: Path
    settings: tuple[str, ...] = ()


def read_regions(path: Path) -> list[Region]:
    """Read the list of a batch.

    Parameters
    ----------
    path : Path
        CSV with the columns `name`, `campaign` (a campaign file) or `region` (a folder that holds
        campaign.toml), relative to the list, and any setting of the campaign file; an empty cell changes
        nothing.

    Raises
    ------
    CampaignError
        When the list cannot be used; the sentence names row and column.
    """
    rows = list(_rows(path))
    header, rows = rows[0][1], rows[1:]
    keys = _keys(header, path.name)
    regions: list[Region] = []
    taken: dict[str, int] = {}
    for number, cells in rows:
        where = f"{path.name}: row {number}"
        if len(cells) > len(header):
            raise CampaignError(
                f"{where} has {len(cells)} cells and the header {len(header)}; put quotes around cells that "
                'hold a comma, such as "[""es"", ""vi""]".'
            )
        row = dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=True))
        name = _name(row["name"], where)
        if name.casefold() in taken:
            raise CampaignError(
                f"{where}, column name: {name!r} is taken by row {taken[name.casefold()]}; each region needs "
                "a folder of its own."
            )
        taken[name.casefold()] = number
        campaign = _campaign(row, path.absolute().parent, where)
        changes = {column: f"{key}={row[column]}" for column, key in keys.items() if row[column]}
        _refuse_changes(campaign, changes, where)
        regions.append(Region(name, campaign, tuple(changes.values())))
    if not regions:
        raise CampaignError(f"{path.name}: names no region; write one row a region below the header.")
    return regions


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, cells without blanks around them, by their number in the file."""
    try:
        examine_text(path, DEFAULT_LIMITS.file_bytes)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            found = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except FileNotFoundError as fault:
        raise CampaignError(
            f"{path}: no such list; write a CSV with the columns name,campaign and one row a region."
        ) from fault
    except NoTextError as fault:
        raise CampaignError(
            f"{path.name}: is {fault.what}; the list of regions is a CSV: {fault.advice}."
        ) from fault
    except UnsafeFileError as fault:
        raise CampaignError(f"{path}: {fault}") from fault
    except OSError as fault:
        raise CampaignError(f"{path}: cannot be read ({fault.strerror}).") from fault
    except UnicodeDecodeError as fault:
        raise CampaignError(
            f"{path.name}: cannot be read as text ({fault.reason}); save the list as CSV in UTF-8."
        ) from fault
    except csv.Error as fault:
        raise CampaignError(f"{path.name}: is not a CSV table ({fault}).") from fault
    found = [(number, cells) for number, cells in found if any(cells)]
    if not found:
        raise CampaignError(f"{path.name}: is empty; write the columns name,campaign and one row a region.")
    yield from found


def _keys(header: list[str], file: str) -> dict[str, str]:
    """Return the setting of each column that is one, by the column."""
    for column in header:
        if header.count(column) > 1:
            raise CampaignError(f"{file}: has the column {column!r} twice; keep one of them.")
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise CampaignError(
            f"{file}: has one column only ({shortened(header[0], 40)}); save it with commas between the "
            "values."
        )
    if "name" not in header:
        raise CampaignError(
            f"{file}: has no column 'name' (it has {', '.join(header)}); it names each region's folder."
        )
    if not {"campaign", "region"} & set(header):
        raise CampaignError(
            f"{file}: has neither a column 'campaign' (a campaign file) nor 'region' (a folder that "
            "'targeting fetch' made); add one of them."
        )
    keys: dict[str, str] = {}
    for column in header:
        if column in OWN_COLUMNS:
            continue
        key = full_key(column, f"{file}: column {column!r}")
        if key in keys.values():
            raise CampaignError(f"{file}: two columns are {key}; keep one of them.")
        keys[column] = key
    return keys


def _name(name: str, where: str) -> str:
    """Return a name that every system takes for a folder's, whatever the case of its letters."""
    if not name:
        raise CampaignError(f"{where}, column name: is empty; give the region a name.")
    stem = name.split(".", maxsplit=1)[0].casefold()
    if name.casefold() in TAKEN or stem in DEVICES:
        raise CampaignError(f"{where}, column name: {name!r} cannot be a folder's name here; take another.")
    if len(name) > LONGEST_NAME:
        raise CampaignError(f"{where}, column name: is longer than {LONGEST_NAME} letters; shorten it.")
    if not re.fullmatch(r"\w([\w.-]*[\w-])?", name):
        other = re.sub(r"[^\w-]+", "-", name).strip("-")[:LONGEST_NAME]
        hint = f": {other!r}" if other else ""
        raise CampaignError(
            f"{where}, column name: {name!r} is no safe name for a folder; use letters, digits, - and _"
            f"{hint}."
        )
    return name


def _campaign(row: dict[str, str], folder: Path, where: str) -> Path:
    """Return the campaign file of a row."""
    file, region = row.get("campaign", ""), row.get("region", "")
    if bool(file) == bool(region):
        raise CampaignError(
            f"{where}: has {'both' if file else 'neither'} a campaign {'and' if file else 'nor'} a region; "
            "give one of them."
        )
    column, path = ("campaign", folder / file) if file else ("region", folder / region / CAMPAIGN_FILE)
    if not path.is_file():
        what = f"no campaign file {file}" if file else f"no {CAMPAIGN_FILE} in {region}"
        raise CampaignError(f"{where}, column {column}: there is {what} (paths start in the list's folder).")
    return path


def _refuse_changes(campaign: Path, changes: dict[str, str], where: str) -> None:
    """Refuse a change that makes a campaign unusable; what is wrong with the file itself is let pass."""
    wrong = _wrong(campaign, list(changes.values()))
    if wrong is None or _wrong(campaign, []) == wrong:
        return
    for column in changes:
        if _wrong(campaign, [change for other, change in changes.items() if other != column]) != wrong:
            raise CampaignError(f"{where}, column {column}: {wrong}")


def _wrong(campaign: Path, settings: list[str]) -> str | None:
    """Return what is wrong with a campaign file after some changes."""
    try:
        read_campaign(campaign, settings)
    except CampaignError as fault:
        return str(fault)
    return None

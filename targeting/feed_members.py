"""Where the tables of a GTFS feed are: in which folder of a zip or a folder, under which names."""

from pathlib import Path, PurePosixPath

from targeting.archives import DAMAGED, sound_members
from targeting.errors import FeedError, UnsafeFileError
from targeting.limits import Limits

TABLES = (
    "agency", "stops", "routes", "trips", "stop_times", "calendar", "calendar_dates",
    "frequencies", "shapes", "feed_info", "transfers",
)  # fmt: skip


def find_tables(path: Path, limits: Limits) -> dict[str, str]:
    """Return the tables at `path`, a zip or a folder, by their names without ".txt".

    Raises
    ------
    FeedError
        When the path is missing, is no zip, is cut short, or is made to deceive.
    """
    if not path.exists():
        raise FeedError(f"{path}: no such file or folder; check region.gtfs in the campaign file.")
    names = _folder_names(path, limits) if path.is_dir() else _zip_names(path, limits)
    tables = _most_complete_folder(names, path.name)
    inner = [name for name in names if name.lower().endswith(".zip")]
    if inner and not tables:
        raise FeedError(
            f"{path.name}: holds another zip ({inner[0]}) and no table; unpack it and give the zip inside."
        )
    return tables


def _folder_names(path: Path, limits: Limits) -> list[str]:
    """Return the files in a folder; links that lead out of it are refused."""
    root = path.resolve()
    names: list[str] = []
    for file in sorted(path.rglob("*")):
        if len(names) > limits.members:
            raise FeedError(
                f"{path.name}: holds more than {limits.members:,} files; give a folder with the feed alone, "
                "or raise limits.members in the campaign file."
            )
        if file.suffix.lower() not in (".txt", ".zip") or not file.is_file():
            continue
        name = file.relative_to(path).as_posix()
        if not file.resolve().is_relative_to(root):
            raise FeedError(
                f"{path.name}: {name} is a link that leads out of the folder; put the file itself there."
            )
        names.append(name)
    return names


def _zip_names(path: Path, limits: Limits) -> list[str]:
    try:
        return [member.filename for member in sound_members(path, limits)]
    except UnsafeFileError as fault:
        raise FeedError(f"{path.name}: {fault}") from fault
    except DAMAGED as fault:
        with path.open("rb") as stream:
            begins_as_zip = stream.read(2) == b"PK"
        if begins_as_zip:
            raise FeedError(
                f"{path.name}: the zip is cut short or damaged; download the feed again."
            ) from fault
        raise FeedError(
            f"{path.name}: is not a zip file; give the GTFS zip, or a folder with its .txt files."
        ) from fault
    except OSError as fault:
        raise FeedError(f"{path}: cannot be read ({fault.strerror}).") from fault


def _most_complete_folder(names: list[str], label: str) -> dict[str, str]:
    """Return the tables of that folder among `names` that holds most of them."""
    folders: dict[str, dict[str, list[str]]] = {}
    for name in names:
        member = PurePosixPath(name.replace("\\", "/"))
        table = member.stem.lower()
        hidden = any(part.startswith((".", "__MACOSX")) for part in member.parts)
        if not hidden and member.suffix.lower() == ".txt" and table in TABLES:
            folders.setdefault(str(member.parent), {}).setdefault(table, []).append(name)
    if not folders:
        return {}
    tables = min(folders.items(), key=lambda item: (-len(item[1]), item[0].count("/"), item[0]))[1]
    for same in tables.values():
        if len(same) > 1:
            raise FeedError(
                f"{label}: holds {' and '.join(same)}, and nobody can say which of them counts; remove one."
            )
    return {table: same[0] for table, same in tables.items()}

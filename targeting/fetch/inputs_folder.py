"""What a fetched folder records: `sources.json`, so that a run goes on where one before it ended."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from targeting.errors import FetchError
from targeting.fetch.redact import redacted
from targeting.fetch.sources import Fetched
from targeting.whole import whole_file

RECORD = "sources.json"


class InputsFolder:
    """A folder with a campaign file, its inputs and the record of where they came from.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record = self._read()

    def reusable(self, source: str, asked: Mapping[str, Any]) -> Fetched | None:
        """Return a source that a run before this one brought for the very same question, unharmed."""
        noted = self._record["sources"].get(source)
        if not isinstance(noted, dict) or noted.get("asked") != _plain(asked):
            return None
        path = self.folder / str(noted.get("file"))
        if not path.is_file() or _sha256(path) != noted.get("sha256"):
            return None
        return Fetched(path, noted["what"], noted["url"], noted["sha256"], noted.get("licence", ""))

    def year(self) -> int | None:
        """Return the year of the census release that the folder has, None where it has none."""
        noted = self._record["sources"].get("census table C16001")
        asked = noted.get("asked") if isinstance(noted, dict) else None
        year = asked.get("year") if isinstance(asked, dict) else None
        return year if isinstance(year, int) else None

    def note(self, source: str, asked: Mapping[str, Any], fetched: Fetched) -> None:
        """Record a source at once: what is interrupted after it need not bring it again."""
        self._record["sources"][source] = {
            "what": fetched.what,
            "file": fetched.path.relative_to(self.folder).as_posix(),
            "url": redacted(fetched.url),
            "sha256": _sha256(fetched.path),
            "date": date.today().isoformat(),
            "licence": fetched.licence,
            "asked": _plain(asked),
        }
        self._write()

    def write_campaign(self, text: str) -> Path:
        """Write the campaign file; one that the user has changed is left alone.

        Returns
        -------
        Path
            `campaign.toml`, or `campaign.new.toml` beside one that is the user's.
        """
        path = self.folder / "campaign.toml"
        content = text.encode()
        noted = self._record.get("campaign", "")
        ours = noted if isinstance(noted, list) else [noted]
        if path.exists() and path.read_bytes() != content and _sha256(path) not in ours:
            path = self.folder / "campaign.new.toml"
            _write_whole(path, content)
            return path
        digest = hashlib.sha256(content).hexdigest()
        for noted in ([*ours, digest], digest):  # both while either may stand there
            self._record["campaign"] = noted
            self._write()
            _write_whole(path, content)
        return path

    def _read(self) -> dict[str, Any]:
        empty: dict[str, Any] = {"sources": {}}
        try:
            record = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return empty
        sound = isinstance(record, dict) and isinstance(record.get("sources"), dict)
        return record if sound else empty

    def _write(self) -> None:
        text = json.dumps(self._record, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        try:
            _write_whole(self.folder / RECORD, text.encode())
        except OSError as fault:
            raise FetchError(f"{self.folder}: cannot be written ({fault.strerror}).") from fault


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_bytes(content)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _plain(asked: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(asked))

"""A tiny region whose files tests replace by hostile ones, and what has to become of it then."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from click.testing import CliRunner, Result
from conftest import Table, tiny, write_feed

from targeting.cli import main

GEOIDS = ("41051000100", "41051000200", "41051000300")
HEADER = "GEOID,NAME,C16001_001E,C16001_001M,C16001_005E,C16001_005M,C16001_026E,C16001_026M"
ROWS = [f'{geoid},"Census Tract {n}, Multnomah County, Oregon",4000,100,{400 * n},40,300,60'
        for n, geoid in enumerate(GEOIDS, 1)]  # fmt: skip
QUICK = ("certainty.redraws=0", "min_served=0", "time_limit_s=5")


class Region:
    """The files of a campaign with one route and three tracts, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.feed()
        self.table("\n".join([HEADER, *ROWS]))
        self.layer(self.squares())
        (folder / "campaign.toml").write_text(
            'name = "Tiny"\n[region]\ngtfs = "f.zip"\nacs = "acs.csv"\ntracts = "tracts.geojson"\n'
            '[posters]\nlanguages = ["es", "vi"]\n[placement]\nbuses = 1\n'
        )

    @staticmethod
    def squares() -> list[shapely.Geometry]:
        """Return the outlines of the three tracts: a stop in each."""
        return [shapely.box(-122.605 - 0.01 * n, 45.495, -122.595 - 0.01 * n, 45.505) for n in range(3)]

    def feed(self, name: str = "f.zip", **tables: Table | None) -> Path:
        """Write the feed, some of its tables exchanged."""
        return write_feed(self.folder / name, tiny(**tables))

    def table(self, content: str | bytes, name: str = "acs.csv") -> Path:
        """Write a text file."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def layer(self, shapes: list[Any], name: str = "tracts.geojson", crs: Any = 4326, **columns: Any) -> Path:
        """Write a map layer; its features have the tracts' GEOIDs."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        more = [f"4105100{n:04}" for n in range(400, 400 + len(shapes))]
        columns = columns or {"GEOID": [*GEOIDS, *more][: len(shapes)]}
        gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path)
        return path

    def run(self, command: str, *settings: str, options: tuple[str, ...] = ()) -> Result:
        """Run a command on the campaign."""
        words = [command, str(self.folder / "campaign.toml"), *options]
        for setting in (*QUICK, *settings):
            words += ["--set", setting]
        return CliRunner().invoke(main, words)

    def refused(self, *settings: str) -> str:
        """Return the sentence in which `plan` ends, after a look that it ends as it should."""
        before = self.files()
        result = self.run("plan", *settings, options=("--out", str(self.folder / "plan")))
        return refusal(result, before, self.files())

    def files(self) -> set[Path]:
        """Return all files of the folder."""
        return set(self.folder.rglob("*"))

    def notices(self, *settings: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the notices of `routes`, which has to work, by their codes."""
        result = self.run("routes", *settings, options=("--json",))
        assert result.exit_code == 0, result.output
        return {notice["code"]: notice for notice in json.loads(result.stdout)["notices"]}


def refusal(result: Result, before: set[Path], after: set[Path]) -> str:
    """Return the sentence of a command that was refused: one, plain, and nothing written."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert after == before
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Error: ")
    assert "Traceback" not in lines[0]
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lines[0])
    assert len(lines[0]) < 2100
    return lines[0].removeprefix("Error: ")

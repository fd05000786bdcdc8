"""Tables of a feed that went through a spreadsheet of another country, or lost their commas."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import TINY, tiny, write_feed

from targeting.cli import main
from targeting.errors import FeedError
from targeting.feed import read_feeds
from targeting.notices import Notices

STOPS = TINY["stops"]


def commas(row: str) -> str:
    return row.replace("45.", "45,").replace("122.", "122,")


def quoted(row: str) -> str:
    stop, name, lat, lon = row.split(",")
    return f'{stop},{name},"{commas(lat)}","{commas(lon)}"'


@pytest.mark.parametrize(
    ("stops", "said"),
    [
        (
            [STOPS[0], *map(quoted, STOPS[1:])],
            "f.zip: stops.txt writes stop_lat with a comma ('45,50' in row 2), and a feed has a decimal "
            "point; save the table so, or ask the agency for a sound feed.",
        ),
        (
            [*STOPS[:2], *map(quoted, STOPS[2:])],  # the first is sound
            "f.zip: stops.txt writes stop_lat with a comma ('45,50' in row 3), and",
        ),
        (
            [STOPS[0], *map(commas, STOPS[1:])],
            "f.zip: no row of stops.txt has as many values as its header names columns (4; one row is "
            "'a,East,45,50,-122,60'); write decimals with a point, put values that hold a comma in quotes",
        ),
        (
            [row.replace(",", ";") for row in STOPS],
            "f.zip: stops.txt has one column only (stop_id;stop_name;stop_lat;stop_lon); a feed's tables "
            "have commas between the values: ask the agency for a sound feed.",
        ),
        (
            [row.replace(",", "\t") for row in STOPS],
            "f.zip: stops.txt has one column only (stop_id stop_name stop_lat stop_lon); a feed's",
        ),
    ],
)
def test_a_slip_of_a_whole_table_is_told_in_one_sentence(tmp_path: Path, stops: list[str], said: str) -> None:
    path = write_feed(tmp_path / "f.zip", tiny(stops=stops))
    with pytest.raises(FeedError) as caught:
        read_feeds([path], notices=Notices())
    assert str(caught.value).startswith(said)
    result = CliRunner().invoke(main, ["doctor", str(path), "--today", "2025-01-07", "--json"])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_one_stop_with_commas_is_left_out_and_counted(tmp_path: Path) -> None:
    """One stop of three is not the table's habit: its 2 of 107 calls, five days a week, are left out."""
    times = [f"out,08:{n:02d}:00,08:{n:02d}:00,{'b' if n == 30 else 'a'},{n}" for n in range(54)]
    back = [row.replace("out", "back") for row in times[1:]]
    notices = Notices()
    tables = tiny(
        stops=[*STOPS[:2], quoted(STOPS[2]), STOPS[3]], stop_times=[TINY["stop_times"][0], *times, *back]
    )
    feed = read_feeds([write_feed(tmp_path / "f.zip", tables)], notices=notices)
    assert list(feed.stops.index) == ["a"]
    (notice,) = [notice for notice in notices if notice.code == "stop_without_place"]
    assert "10 of 535 weekly departures (1.9%)" in notice.message

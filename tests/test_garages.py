"""The planner's file of garages: what it may look like, and how it is refused."""

from pathlib import Path

import pytest
from conftest import ROOT, TINY, read_feed, tiny, write_feed

from targeting.errors import CampaignError
from targeting.feed import Feed
from targeting.garages import Garages, read_garages
from targeting.notices import Notices

HEADS = {name: table[0] for name, table in TINY.items()}
# routes R4 ("4") and 007 ("7") run; "99" is in the feed but has no trips this week; 6 is a tram
TABLES = tiny(
    routes=[HEADS["routes"], "R4,A,4,,3,", "007,A,7,,3,", "R99,A,99,,3,", "T,A,6,,0,"],
    trips=[HEADS["trips"], "R4,wk,out,0,b1,", "007,wk,back,1,0042,"],
)


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return read_feed(write_feed(tmp_path / "f.zip", TABLES))[0]


def garages(feed: Feed, folder: Path, content: str | bytes) -> tuple[Garages, Notices]:
    path, notices = folder / "garages.csv", Notices()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_garages(path, feed, notices), notices


def test_by_route_by_id_or_number(feed: Feed, tmp_path: Path) -> None:
    found, notices = garages(feed, tmp_path, "route,garage\n4,Center\n007,Powell\n")
    assert found.by == "route"
    assert found.garage.to_dict() == {"R4": "Center", "007": "Powell"}
    assert not len(notices)


def test_by_block(feed: Feed, tmp_path: Path) -> None:
    found, notices = garages(feed, tmp_path, "block,garage\nb1,Center\n0042,Powell\n")
    assert found.by == "block"
    assert found.garage.to_dict() == {"b1": "Center", "0042": "Powell"}
    assert not len(notices)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfroute,garage\r\n4,Center\r\n7,Powell\r\n",
        " Route , Garage ,note\n 4 , Center ,\n\n7,Powell,x\n,,\n",
        'note,garage,route\n"a, b",Center,4\n,Powell,7\n',
        "route,garage\n4,Center\nR4,Center\n7,Powell\n",
    ],
)
def test_however_it_was_saved(feed: Feed, tmp_path: Path, content: str | bytes) -> None:
    found, notices = garages(feed, tmp_path, content)
    assert found.garage.to_dict() == {"R4": "Center", "007": "Powell"}
    assert not len(notices)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "must have the columns route,garage (or block,garage), and its first row has nothing"),
        ("route;garage\n4;Center\n", "its first row has route;garage"),
        ("route,depot\n4,Center\n", "its first row has route, depot"),
        ("route,garage\n4,Center\n7, \n", "row 3: the column garage is blank"),
        ("route,garage\n4,Center\n7\n", "row 3: the column garage is blank"),
        ("route,garage\n,Center\n", "row 2: the column route is blank"),
        ("route,garage\n4,Center\n\nR4,Powell\n", "row 4: route 'R4' has the garage 'Powell' here and "
         "'Center' above; if both run it, write a file with the columns block,garage"),
        ("block,garage\nb1,Center\nb1,Powell\n", "row 3: block 'b1' has the garage 'Powell' here"),
        ("route,garage\n98,Center\n", "none of its 1 rows names a route that runs in the design week"),
        ("block,garage\n42,Center\n", "none of its 1 rows names a block that runs"),  # 0042 is another
        (b"route,garage\n4,Caf\x00\n", "holds NUL bytes"),
    ],
)  # fmt: skip
def test_what_is_refused(feed: Feed, tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(CampaignError) as fault:
        garages(feed, tmp_path, content)
    assert words in str(fault.value)
    assert str(fault.value).startswith("placement.garages: ")
    assert "garages.csv" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_no_such_file(feed: Feed, tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"nowhere\.csv: no such file; write a CSV with the columns"):
        read_garages(tmp_path / "nowhere.csv", feed, Notices())


def test_rows_and_routes_that_match_nothing_are_told(feed: Feed, tmp_path: Path) -> None:
    # 99 and the tram are the feed's own routes without service here: no mistake
    found, notices = garages(feed, tmp_path, "route,garage\n4,Center\n98,Center\n99,Center\n6,Rail\n")
    assert found.garage.to_dict() == {"R4": "Center"}
    assert [(n.code, n.count) for n in notices] == [("garage_row_unknown", 1), ("route_without_garage", 1)]
    messages = [n.message for n in notices]
    assert "1 rows name a route that the feed does not run in the design week (first: 98)" in messages[0]
    assert "1 of 2 routes have no garage (first: 7)" in messages[1]


def test_blocks_without_a_garage_are_told(feed: Feed, tmp_path: Path) -> None:
    _, notices = garages(feed, tmp_path, "block,garage\nb1,Center\nsunday,Center\n")
    assert [(n.code, n.severity) for n in notices] == [
        ("garage_row_unknown", "info"),
        ("block_without_garage", "warning"),
    ]


def test_blocks_of_a_feed_that_has_none(tmp_path: Path) -> None:
    bare = tiny(trips=["route_id,service_id,trip_id,direction_id", "R,wk,out,0", "R,wk,back,1"])
    feed, _ = read_feed(write_feed(tmp_path / "f.zip", bare))
    with pytest.raises(CampaignError, match="has no block_ids: write a file with the columns route,garage"):
        garages(feed, tmp_path, "block,garage\nb1,Center\n")


def test_with_two_feeds(tmp_path: Path) -> None:
    other = tiny(
        routes=[HEADS["routes"], "R,A,4,,3,"], trips=[HEADS["trips"], "R,wk,out,0,b1,", "R,wk,back,1,b9,"]
    )
    city, county = write_feed(tmp_path / "city.zip", TABLES), write_feed(tmp_path / "county.zip", other)
    feed, _ = read_feed(city, county)
    found, _ = garages(feed, tmp_path, "route,garage\ncity:R4,Center\n007,Powell\nR,Merlo\n")
    assert found.garage.to_dict() == {"city:R4": "Center", "city:007": "Powell", "county:R": "Merlo"}
    with pytest.raises(
        CampaignError, match="'4' is the name of 2 routes; give one of the ids city:R4, county:R"
    ):
        garages(feed, tmp_path, "route,garage\n4,Center\n")
    with pytest.raises(CampaignError, match="'b1' is the name of 2 blocks"):
        garages(feed, tmp_path, "block,garage\nb1,Center\n")
    found, _ = garages(feed, tmp_path, "block,garage\ncounty:b1,Center\nb9,Merlo\n")
    assert found.garage.to_dict() == {"county:b1": "Center", "county:b9": "Merlo"}


def test_the_sample(tmp_path: Path) -> None:
    feed, _ = read_feed(ROOT / "data/gtfs/sample.zip")
    notices = Notices()
    found = read_garages(ROOT / "data/gtfs/sample_garages.csv", feed, notices)
    assert set(found.garage) == {"Harbor", "Northside"}
    assert set(found.garage.index) == set(feed.routes.index)
    assert not len(notices)

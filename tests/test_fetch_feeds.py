"""Feeds by address, id, words and file; and what is wrong with them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from conftest import tiny, write_feed
from servers import HASTY, Answer, Server, catalogue_csv, html, ranged, serving

from targeting.errors import FetchError
from targeting.fetch.catalogue import read_catalogue
from targeting.fetch.feeds import Feeds, feed_name, free_name
from targeting.fetch.http import HttpClient
from targeting.fetch.sources import Sources
from targeting.notices import Notices

PORTLAND = (-123.2, 45.2, -122.2, 45.8)
BOX = {
    "minimum_latitude": "45.3", "maximum_latitude": "45.7",
    "minimum_longitude": "-123.1", "maximum_longitude": "-122.3",
}  # fmt: skip
ROWS = [
    {"id": "mdb-247", "provider": "TriMet", "municipality": "Portland", "subdivision_name": "Oregon",
     "direct_download": "{s}/trimet.zip", "latest": "{s}/mdb-247/latest.zip",
     "license": "https://developer.trimet.org/terms_of_use.shtml", "is_official": "True", **BOX},
    {"id": "mdb-9", "provider": "TriMet", "status": "deprecated", "redirect.id": "mdb-247",
     "direct_download": "{s}/old.zip"},
    {"id": "mdb-10", "provider": "Old Lines", "status": "deprecated"},
    {"id": "mdb-11", "provider": "Split Lines", "redirect.id": "mdb-247|mdb-258"},
    {"id": "mdb-258", "provider": "C-TRAN", "municipality": "Vancouver", "subdivision_name": "Washington",
     "direct_download": "{s}/ctran.zip", **BOX},
    {"id": "mdb-300", "provider": "WMATA", "municipality": "Washington", "authentication_type": "1",
     "direct_download": "{s}/wmata.zip", "authentication_info": "https://developer.wmata.com"},
    {"id": "mdb-400", "data_type": "gtfs_rt", "provider": "TriMet", "static_reference": "mdb-247"},
    {"id": "mdb-500", "provider": "Metro Transit", "municipality": "Minneapolis",
     "direct_download": "{s}/msp.zip"},
    {"id": "mdb-501", "provider": "Metro Transit", "name": "old system", "municipality": "Omaha",
     "status": "inactive", "direct_download": "{s}/omaha.zip"},
    {"id": "mdb-600", "provider": "Valley Bus", "municipality": "Corvallis", "direct_download": "{s}/a.zip"},
    {"id": "mdb-601", "provider": "Valley Bus", "municipality": "Palm City", "direct_download": "{s}/b.zip"},
    {"id": "tld-700", "provider": "Coaches of America", "direct_download": "{s}/coach.zip",
     "minimum_latitude": "25", "maximum_latitude": "49", "minimum_longitude": "-124",
     "maximum_longitude": "-67"},
    {"id": "mdb-800", "provider": "Portland Transit", "country_code": "AU", "direct_download": "{s}/au.zip"},
]  # fmt: skip


class Desk:
    """A server with the catalogue and a feed, and the finder on it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.notices = Notices()
        self.zip = write_feed(folder / "source.zip", tiny()).read_bytes()
        rows = [{key: value.replace("{s}", server.url("")) for key, value in row.items()} for row in ROWS]
        server.rules["/feeds_v2.csv"] = Answer(catalogue_csv(*rows), headers={"Content-Type": "text/csv"})
        sources = Sources(catalogue=server.url("/feeds_v2.csv"))
        self.client = HttpClient(folder / "cache", sources=sources, patience=HASTY)
        self.feeds = Feeds(self.client, today=date(2025, 1, 20), notices=self.notices)

    def serve(self, *paths: str) -> None:
        for path in paths:
            self.server.rules[path] = ranged(self.zip)

    def refusal(self, wanted: str, box: tuple[float, float, float, float] | None = None) -> str:
        with pytest.raises(FetchError) as caught:
            self.feeds.fetch(self.feeds.find(wanted, box), self.folder / "out" / "feed.zip")
        assert str(caught.value).endswith(".")
        return str(caught.value)

    def codes(self) -> list[str]:
        return [notice.code for notice in self.notices]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        desk = Desk(server, tmp_path)
        yield desk
        desk.client.close()


def test_by_id_the_catalogues_copy_comes_first(desk: Desk, tmp_path: Path) -> None:
    desk.serve("/mdb-247/latest.zip")
    fetched = desk.feeds.fetch(desk.feeds.find("mdb-247"), tmp_path / "gtfs" / "trimet.zip")
    assert fetched.path.read_bytes() == desk.zip
    assert fetched.url.endswith("/mdb-247/latest.zip")
    assert fetched.what == "timetable of TriMet, 2025-01-06 to 2025-02-02"
    assert fetched.licence == "https://developer.trimet.org/terms_of_use.shtml"
    assert desk.codes() == []


def test_where_the_copy_fails_the_producers_is_taken(desk: Desk, tmp_path: Path) -> None:
    desk.serve("/trimet.zip")
    fetched = desk.feeds.fetch(desk.feeds.find("MDB-247"), tmp_path / "trimet.zip")
    assert fetched.url.endswith("/trimet.zip")
    assert desk.codes() == ["feed_elsewhere"]


def test_where_all_addresses_fail_each_is_told_and_nothing_is_kept(desk: Desk, tmp_path: Path) -> None:
    desk.server.rules["/mdb-247/latest.zip"] = html("Gone")
    desk.server.rules["/trimet.zip"] = Answer(b"no zip")
    said = desk.refusal("mdb-247")
    assert "/mdb-247/latest.zip: came as a web page instead of the file" in said
    assert "/trimet.zip: is not a zip file" in said
    desk.serve("/trimet.zip")
    assert desk.feeds.fetch(desk.feeds.find("mdb-247"), tmp_path / "f.zip"), "the bad file is not remembered"


def test_by_address_the_producer_comes_first_and_the_copy_helps_out(desk: Desk, tmp_path: Path) -> None:
    offer = desk.feeds.find(desk.server.url("/trimet.zip"))
    assert [url.rsplit("/", 1)[1] for url in offer.urls] == ["trimet.zip", "latest.zip"]
    assert (offer.title, offer.licence) == ("TriMet", "https://developer.trimet.org/terms_of_use.shtml")
    desk.serve("/mdb-247/latest.zip")
    assert desk.feeds.fetch(offer, tmp_path / "f.zip").url.endswith("latest.zip")


def test_an_address_needs_no_catalogue(desk: Desk, tmp_path: Path) -> None:
    desk.server.rules["/feeds_v2.csv"] = Answer(b"", 503)
    desk.serve("/own/gtfs.zip")
    assert desk.feeds.fetch(desk.feeds.find(desk.server.url("/own/gtfs.zip")), tmp_path / "f.zip")
    asked = desk.server.count("/feeds_v2.csv")
    assert "the catalogue of feeds, http" in desk.refusal("mdb-247")
    assert desk.server.count("/feeds_v2.csv") == asked, "a fault is not asked for again in the same run"


def test_ids_lead_on_and_say_so(desk: Desk) -> None:
    assert desk.feeds.find("mdb-9").title == "TriMet"
    assert [notice.message for notice in desk.notices] == [
        "mdb-9 was replaced by mdb-247 (TriMet, Portland, Oregon)."
    ]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("mdb-99", "mdb-99: no such feed in the catalogue"),
        ("mdb-10", "was given up and nothing named in its place"),
        ("mdb-11", "was split into mdb-247, mdb-258"),
        ("mdb-300", "is not open: ask https://developer.wmata.com for access, download the zip yourself"),
        ("provider:WMATA", "is not open"),
        ("mdb-400", "is gtfs_rt, no timetable; its timetable is mdb-247"),
        ("provider:Valley_Bus", "fits several feeds; give one with --gtfs: mdb-600 (Valley Bus, Corvallis)"),
        ("Atlantis Ferries", "'Atlantis Ferries': no feed of the catalogue fits"),
        ("Portland Transit", "no feed of the catalogue fits"),
        ("nowhere/gtfs.zip", "nowhere/gtfs.zip: no such file"),
        ("ftp://example.org/gtfs.zip", "is no web address"),
    ],
)
def test_what_cannot_be_had_says_why(desk: Desk, wanted: str, words: str) -> None:
    assert words in desk.refusal(wanted)


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        ("trimet", "TriMet"),
        ("Portland, Oregon", "TriMet"),
        ("provider:Metro_Transit", "Metro Transit"),
        ("vancouver c-tran", "C-TRAN"),
    ],
)
def test_by_place_and_provider(desk: Desk, wanted: str, title: str) -> None:
    assert desk.feeds.find(wanted, PORTLAND).title == title
    assert desk.codes() == []


def test_inactive_feeds_come_with_a_warning(desk: Desk) -> None:
    assert desk.feeds.find("mdb-501").urls[0].endswith("omaha.zip")
    assert desk.codes() == ["feed_inactive"]


def test_feeds_near_a_place_leave_coaches_out(desk: Desk) -> None:
    assert [feed.id for feed in desk.feeds.catalogue().near(PORTLAND)] == ["mdb-247", "mdb-258"]
    assert desk.feeds.catalogue().near((10.0, 50.0, 11.0, 51.0)) == []


@pytest.mark.parametrize(
    ("today", "code", "words"),
    [
        (date(2025, 2, 2), None, ""),
        (date(2025, 2, 3), "feed_expired", "its timetable ended on 2025-02-02, before today (2025-02-03)"),
        (date(2025, 1, 5), "feed_not_begun", "begins only on 2025-01-06, after today (2025-01-05)"),
    ],
)
def test_days_of_a_feed_are_held_against_today(
    desk: Desk, tmp_path: Path, today: date, code: str | None, words: str
) -> None:
    desk.serve("/gtfs.zip")
    feeds = Feeds(desk.client, today=today, notices=desk.notices)
    feeds.fetch(feeds.find(desk.server.url("/gtfs.zip")), tmp_path / "f.zip")
    assert desk.codes() == ([code] if code else [])
    assert words in "".join(notice.message for notice in desk.notices)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"stops": None}, "holds no stops.txt, which every GTFS feed must have"),
        ({"calendar": None}, "holds neither calendar.txt nor calendar_dates.txt"),
    ],
)
def test_an_incomplete_feed_is_refused(
    desk: Desk, tmp_path: Path, tables: dict[str, None], words: str
) -> None:
    desk.server.rules["/g.zip"] = Answer(write_feed(tmp_path / "bad.zip", tiny(**tables)).read_bytes())
    said = desk.refusal(desk.server.url("/g.zip"))
    assert said.startswith(f"{desk.server.url('/g.zip')}: {words}")
    assert not (tmp_path / "out").exists()


def test_a_feed_from_a_file(desk: Desk, tmp_path: Path) -> None:
    offer = desk.feeds.find(str(tmp_path / "source.zip"))
    fetched = desk.feeds.fetch(offer, tmp_path / "gtfs" / "mine.zip")
    assert (fetched.path.read_bytes(), desk.server.asked) == (desk.zip, [])


def test_a_catalogue_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id,provider\nmdb-1,X\n")
    with pytest.raises(FetchError, match="has no column 'data_type', so it has changed its form"):
        read_catalogue(tmp_path / "f.csv")


def test_names_of_files() -> None:
    names = {
        "https://www.c-tran.com/images/Google/GoogleTransitUpload.zip": "c-tran",
        "https://cdn.mbta.com/MBTA_GTFS.zip": "mbta",
        "https://gitlab.com/LACMTA/gtfs_bus/-/raw/master/gtfs_bus.zip": "bus",
        "https://rrgtfsfeeds.s3.amazonaws.com/gtfs_bx.zip": "rrgtfsfeeds-bx",
        "http://127.0.0.1:80/": "feed",
        "King County Metro": "king-county-metro",
    }
    assert {text: feed_name(text) for text in names} == names
    assert free_name("TriMet", {"trimet", "trimet-2"}) == "trimet-3"

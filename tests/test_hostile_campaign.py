"""Campaign files made to crash, hang or leak: TOML without end, numbers without measure, addresses."""

import time
from pathlib import Path

import pytest
from hostile import Region

from targeting.toml_files import DEEPEST, LONGEST_LINE, MOST_BYTES

PASSWORD = "hunter2"  # noqa: S105
PATHS = ("gtfs", "acs", "tracts", "points", "water", "controls", "garages", "venues.file", "keep")


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def refused(region: Region, text: str | bytes) -> str:
    """Return what is said of a campaign file that begins with this, in no more than a few seconds."""
    path = region.folder / "campaign.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    start = time.monotonic()
    said = region.refused()
    assert time.monotonic() - start < 20
    return said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "9" * 4_900, "line 1 has more than 4,000 characters"),
        ("x = [\n" + "9" * 3_999 + "]", "unknown key 'x'"),
        ("x = " + "[" * 3_000, "is not valid TOML: is nested too deep"),
        ("x = [" + "[\n" * 30_000, "is not valid TOML: is nested too deep"),
        ("x = " + "{a=" * 1_300, "is not valid TOML"),
        ("x." + "a." * 1_900 + "a = 1", "is nested too deep"),
        ("\n".join("x" + str(n) + ".a" * 1_900 + " = 1" for n in range(20)), "is nested too deep"),
        ("x" * 300_000, "is larger than 100 kB"),
        ('name = "' + "x\\n" * 1_200 + '"', "holds a character that cannot be seen (U+000A)"),
        ('name = """' + "x\\\n" * 20_000 + '"""', "name: is longer than 1,000 characters"),
        ('name = "a\\u001b[31mred"', "name: 'a\\x1b[31mred' holds a character that cannot be seen (U+001B)"),
        ('name = "a\\u202edrawkcab"', "cannot be seen (U+202E)"),
        ('name = "a\\u0000b"', "cannot be seen (U+0000)"),
        ('"a\\u202eb" = 1', "cannot be seen (U+202E)"),
        ("name = 'a\x1bb'", "is not valid TOML"),
        (b"name = '\xff'", "cannot be read as text"),
        (b"\xff\xfen\x00a\x00", "cannot be read as text"),
        (b"name = 1\x00", "is not valid TOML"),
        ("name = 1\nname = 2", "is not valid TOML"),
        ("[region]\n[region]", "is not valid TOML"),
        ("__class__ = 1", "unknown key '__class__'"),
        ("[region.__init__]\nx = 1", "unknown key '__init__'"),
        ('file = "/etc/passwd"', "unknown key 'file'"),
    ],
)
def test_files_that_are_no_campaign(region: Region, text: str | bytes, said: str) -> None:
    found = refused(region, text)
    assert found.startswith("campaign.toml: ") or "cannot be read as text" in found
    assert said in found


def test_the_largest_file_that_is_parsed_takes_seconds(region: Region) -> None:
    # time grows with the square of the parts of a key, hence a limit on the length of lines
    line = "{}" + ".a" * ((LONGEST_LINE - 20) // 2) + " = 1\n"
    text = "".join(line.format(f"x{n}") for n in range(MOST_BYTES // len(line)))
    assert "nested too deep" in refused(region, text)


def test_a_device_is_read_no_further_than_a_campaign_file_goes(region: Region) -> None:
    from click.testing import CliRunner

    from targeting.cli import main

    result = CliRunner().invoke(main, ["plan", "/dev/zero"])
    assert result.exit_code == 2
    assert "zero: is larger than 100 kB, which no campaign file is" in result.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("buses=" + "9" * 5_000, "placement.buses"),
        ("buses=" + "9" * 4_000, "placement.buses = 999"),
        ("buses=-1", "must be at least 0"),
        ("buses=1e3", "write a whole number"),
        ("buses=1_000_001", "must be at most 1e+06"),
        ("copies=99999999999", "posters.copies"),
        ("floors=9999999999", "write a floor"),
        ('floors={es = "1e400%"}', "write a floor"),
        ('floors={es = "nan%"}', "write a floor"),
        ("weights={es = inf}", "must be a finite number"),
        ("weights={es = 1e308}", "must be at most 1e+06"),
        ("rides_per_week=nan", "must be"),
        ("min_served=inf", "must be a finite number"),
        ("smallest_count=1e308", "must be at most 1e+10"),
        ("seed=99999999999999999999", "must be less than"),
        ("nearest=99999999999", "must be at most 10000"),
        ("band_m=inf", "must be a finite number"),
        ("week=9999-12-31", "must be a day from 2000 to 2099"),
        ("week=0001-01-01", "must be a day from 2000 to 2099"),
        ("controls_year=99999", "must be at most 2100"),
        ("languages=auto:²", 'or "auto:6"'),
        ("languages=auto:" + "9" * 900, 'or "auto:6"'),
        ("name=" + "x" * 201, "must have at most 200 characters"),
        ("name=" + "x" * 100_000, "is longer than 1,000 characters"),
        ("gtfs=" + "x" * 300, "no file has so long a name"),
        ("gtfs=[" + "[" * 500, "no file has so long a name"),
        ("unpacked_mb=0", "must be more than 0"),
        ("ratio=0.5", "must be at least 1"),
        ("members=0", "must be at least 1"),
        ("file_mb=inf", "must be a finite number"),
    ],
)
def test_values_without_measure(region: Region, setting: str, said: str) -> None:
    found = region.refused(setting)
    assert said in found
    assert len(found) < 500


@pytest.mark.parametrize("key", PATHS)
@pytest.mark.parametrize(
    "address",
    [
        "https://me:{}@example.org/feed.zip",
        "HTTPS://me:{}@example.org/feed.zip",
        "ftp://me:{}@example.org/feed.zip",
        "https:/me:{}@example.org/feed.zip",
        "//me:{}@example.org/feed.zip",
        " https://me:{}@example.org/feed.zip",
        "s3://bucket/feed.zip?token={}",
        "/vsicurl/https://me:{}@example.org/feed.gpkg",
        "WFS:https://me:{}@example.org/",
    ],
)
def test_addresses_are_refused_and_their_passwords_never_repeated(
    region: Region, key: str, address: str
) -> None:
    more = {"venues.file": ("venues.cards=1",), "garages": ("unit=garage",)}.get(key, ())
    found = region.refused(f"{key}={address.format(PASSWORD)}", *more)
    assert "addresses are not read directly; download the file" in found
    assert PASSWORD not in found


@pytest.mark.parametrize("key", ["gtfsx=", "week=", "modes=", "languages=", ""])
def test_a_password_in_the_wrong_place_is_not_repeated_either(region: Region, key: str) -> None:
    assert PASSWORD not in region.refused(f"{key}https://me:{PASSWORD}@example.org")


def test_nested_tables_that_belong_there_are_not_too_deep() -> None:
    assert DEEPEST > 4  # placement.pinned[0].unit

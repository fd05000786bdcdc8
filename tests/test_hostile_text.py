"""Names that try to command the terminal, turn a line around, be a formula or a script, on every way out."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from conftest import TINY
from hostile import HEADER, ROWS, Region, refusal
from hypothesis import given
from hypothesis import strategies as st

from targeting.errors import TargetingError
from targeting.fetch.redact import redacted
from targeting.notices import Notices
from targeting.plain_text import hidden_character, plain, without_passwords

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31m\x9b1mred\x08\x7f\x00x"
TURNED = "\u202e\u2067\u200f\u061c drawkcab \u2069\u202c"
SCRIPT = "</script><img src=x onerror=alert(1)>{{7*7}}"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\")")  # fmt: skip
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]"
)
TEXTS = {".csv", ".json", ".html", ".svg", ".qml", ".txt"}


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def test_what_is_plain() -> None:
    assert (
        plain("Đường Số 1 · 市政厅 · שלום · می‌خواهم · 👩‍👧") == "Đường Số 1 · 市政厅 · שלום · می‌خواهم · 👩‍👧"
    )
    assert plain("a\x1b[31mb\x9b2Jc\u202ed\u2067e\x00f\ufeffg\U000e0041h") == "a[31mb›2Jcdefgh"
    assert plain("a\tb\nc\rd\x0be\x0cf\u2028g\x1ch") == "a b c d e f g h"
    assert plain("Main\x92s \x93Oak\x94 \x81") == "Main’s “Oak” "  # as Windows writes them
    assert plain("\ud83d") == "\ufffd"
    assert hidden_character("a\u202eb") == "U+202E"
    assert hidden_character("a b é") == ""


@given(st.text())
def test_nothing_hidden_is_left_and_nothing_else_is_lost(text: str) -> None:
    cleaned = plain(text)
    assert hidden_character(cleaned) == ""
    assert plain(cleaned) == cleaned
    for character in text:
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"):
            assert character in cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:secret@example.org/f.zip", "https://[hidden]@example.org/f.zip"),
        ("https://me:sec/ret@example.org/f.zip", "https://[hidden]@example.org/f.zip"),
        ("see ftp://me@x and http://y:z@w.", "see ftp://[hidden]@x and http://[hidden]@w."),
        ("https://me:p@ss/w@rd@example.org", "https://[hidden]@example.org"),
        ("https:/me:secret@example.org", "https:/[hidden]@example.org"),
        ("https://example.org:8080/feeds@v2/f.zip", "https://example.org:8080/feeds@v2/f.zip"),
        ("https://example.org/feeds@v2/f.zip?mail=a@b", "https://example.org/feeds@v2/f.zip?mail=a@b"),
        ("mail me@example.org", "mail me@example.org"),
        ("https://example.org/f.zip", "https://example.org/f.zip"),
    ],
)
def test_passwords_of_addresses(text: str, shown: str) -> None:
    assert without_passwords(text) == redacted(text) == shown
    assert str(TargetingError(text)) == shown


def test_errors_and_notices_are_plain_whatever_they_quote() -> None:
    assert str(TargetingError(f"{ESCAPES}{TURNED}: is wrong.")) == plain(f"{ESCAPES}{TURNED}: is wrong.")
    assert len(str(TargetingError("x" * 10**6))) == 2000
    notices = Notices()
    notices.add("odd", f"a{ESCAPES}", file=f"b{TURNED}", ids=(f"c{ESCAPES}",))
    (notice,) = notices
    assert not FORBIDDEN.search(notice.message + notice.file + notice.ids[0])


def poisoned(region: Region, text: str) -> None:
    """Put a text into every name that the tiny region has."""
    quoted = '"' + text.replace('"', '""') + '"'
    stops = [line.split(",") for line in TINY["stops"][1:]]
    region.feed(
        agency=["agency_id,agency_name", f"A,{quoted}"],
        stops=[TINY["stops"][0], *(f"{stop},{quoted},{lat},{lon}" for stop, _, lat, lon in stops)],
        routes=[TINY["routes"][0], f"R,A,{quoted},{quoted} long,3,00AA00"],
        trips=[TINY["trips"][0], f"R,wk,out,0,{quoted},", f"R,wk,back,1,{quoted},"],
        feed_info=["feed_version", quoted],
    )
    region.table("\n".join([HEADER, *(r.replace('"Census Tract', f"{quoted[:-1]} Tract") for r in ROWS)]))
    region.table(f"name,kind,lon,lat\n{quoted},{quoted},-122.60,45.50\n", "venues.csv")


@pytest.mark.parametrize("text", [ESCAPES.replace("\x00", ""), TURNED, SCRIPT])
def test_no_output_carries_what_a_name_hides(region: Region, text: str) -> None:
    poisoned(region, text)
    out = region.folder / "plan"
    settings = ("venues.file=venues.csv", "venues.cards=1")
    result = region.run("plan", *settings, options=("--out", str(out)))
    assert result.exit_code == 0, result.output
    assert not FORBIDDEN.search(result.output)
    shown = plain(text).strip()
    rows = list(csv.DictReader((out / "placements.csv").read_text().splitlines()))
    assert any(shown in row["unit_name"] for row in rows)
    for path in out.iterdir():
        if path.suffix in TEXTS:
            found = FORBIDDEN.search(path.read_text(encoding="utf-8").replace("\ufeff", "", 1))
            assert not found, (path.name, found)
        elif path.suffix in (".xlsx", ".docx"):
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    if name.endswith(".xml"):
                        assert not FORBIDDEN.search(book.read(name).decode()), (path.name, name)
    assert "<img src=x" not in (out / "map.html").read_text(encoding="utf-8")
    for command in ("routes", "vehicles", "hotspots", "doctor"):
        for options in ((), ("--json",)):
            said = region.run(command, *settings, options=options)
            assert said.exit_code in (0, 1), said.output
            assert not FORBIDDEN.search(said.output), (command, options)
    said = region.run("explain", options=("R",))
    assert not FORBIDDEN.search(said.output)


def test_markup_of_the_terminal_is_only_text(region: Region) -> None:
    # rich would take [red] and [link=...] for commands
    poisoned(region, "[red]x[/red][link=http://evil]y[/link][/]")
    result = region.run("routes")
    assert result.exit_code == 0, result.output
    assert "[red]x" in result.output.replace("\n", "")


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_stay_texts(region: Region, formula: str) -> None:
    poisoned(region, formula)
    out = region.folder / "plan"
    settings = ("venues.file=venues.csv", "venues.cards=1")
    assert region.run("plan", *settings, options=("--out", str(out))).exit_code == 0
    for path in out.glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))):
            for cell in row:
                number = re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", cell)
                assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path.name, cell)
    for path in out.glob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            for name in book.namelist():
                if name.startswith("xl/worksheets/sheet"):
                    assert "<f>" not in book.read(name).decode()


# --- names of files, and what the planner types -----------------------------------------------


@pytest.mark.parametrize("command", ["plan", "doctor", "compare", "picture", "sample", "demo"])
def test_names_of_files_do_not_reach_the_terminal_as_they_are(region: Region, command: str) -> None:
    from click.testing import CliRunner

    from targeting.cli import main

    name = f"a{TURNED}b\x1b[31m"
    before = region.files()
    words = [
        command,
        str(region.folder / name),
        *([str(region.folder / name)] if command == "compare" else []),
    ]
    said = refusal(CliRunner().invoke(main, words), before, region.files())
    assert "has a character that cannot be seen (U+202E)" in said


def test_a_feed_with_a_hostile_name_in_a_hostile_folder(region: Region) -> None:
    folder = region.folder / "x\x1b[31my"
    folder.mkdir()
    for path in list(region.folder.iterdir()):
        if path.is_file():
            shutil.copy(path, folder)
    command = [sys.executable, "-m", "targeting", "routes", "campaign.toml"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "\x1b" not in run.stdout + run.stderr


# --- plan folders from elsewhere --------------------------------------------------------------


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    region = Region(tmp_path_factory.mktemp("planned"))
    result = region.run("plan", options=("--out", str(region.folder / "plan")))
    assert result.exit_code == 0, result.output
    return region.folder / "plan"


def spoilt(planned: Path, folder: Path, name: str, content: bytes) -> Path:
    shutil.copytree(planned, folder / "plan")
    (folder / "plan" / name).write_bytes(content)
    return folder / "plan"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", b"[" * 200_000),
        ("run.json", b"{" + b'"a":{' * 100_000),
        ("run.json", b'{"campaign": [1]}'),
        ("run.json", b'{"campaign": {"settings": {"placement": {}}}, "feeds": 5}'),
        ("run.json", b"\xff\xfe{}"),
        ("run.json", b"[" + b"9" * 5000 + b"]"),
        ("placements.csv", b"\x00" * 100),
        ("placements.csv", b"x" * 1_100_000),
        ("coverage.csv", b'area,"\n' * 5000),
        ("coverage.csv", b"\xff\xfe\x00"),
        ("plan.gpkg", b"no database"),
        ("plan.gpkg", b""),
    ],
)
@pytest.mark.parametrize("command", ["compare", "picture"])
def test_plan_folders_that_are_none(
    planned: Path, tmp_path: Path, command: str, name: str, content: bytes
) -> None:
    from click.testing import CliRunner

    from targeting.cli import main

    folder = spoilt(planned, tmp_path, name, content)
    before = set(tmp_path.rglob("*"))
    words = [command, str(folder), *([str(planned)] if command == "compare" else [])]
    refusal(CliRunner().invoke(main, words), before, set(tmp_path.rglob("*")))


@pytest.mark.parametrize("cell", ["inf", "nan", "1e308", "-inf", "x", "\x1b[31m"])
def test_cells_of_a_plan_that_are_no_numbers(planned: Path, tmp_path: Path, cell: str) -> None:
    from click.testing import CliRunner

    from targeting.cli import main

    text = (planned / "coverage.csv").read_text(encoding="utf-8")
    for column in ("served_posted", "served_posted_share"):
        rows = list(csv.DictReader(io.StringIO(text)))
        rows[0][column] = cell
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        shutil.rmtree(tmp_path / "plan", ignore_errors=True)
        folder = spoilt(planned, tmp_path, "coverage.csv", out.getvalue().encode())
        before = set(tmp_path.rglob("*"))
        said = refusal(CliRunner().invoke(main, ["compare", str(folder), str(planned)]), before, before)
        assert f"in the column '{column}' is not a number" in said


def test_a_plan_with_hostile_names_is_compared_in_plain_text(planned: Path, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from targeting.cli import main

    shutil.copytree(planned, tmp_path / "plan")
    for name in ("placements.csv", "coverage.csv", "languages.csv", "vehicles.csv"):
        path = tmp_path / "plan" / name
        text = path.read_text(encoding="utf-8").replace("Spanish", f"Sp{TURNED}")
        path.write_text(text.replace("Main", ESCAPES.replace("\x00", "") + TURNED), encoding="utf-8")
    record = json.loads((planned / "run.json").read_text(encoding="utf-8"))
    record["campaign"]["settings"]["name"] = f"x{ESCAPES}{TURNED}"
    (tmp_path / "plan" / "run.json").write_text(json.dumps(record), encoding="utf-8")
    for options in ((), ("--json",)):
        result = CliRunner().invoke(main, ["compare", str(planned), str(tmp_path / "plan"), *options])
        assert result.exit_code == 0, result.output
        assert not FORBIDDEN.search(result.output)

"""Pictures for print: pages, sizes and bytes, what stands on them, and names meant to break them."""

import json
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection
from PIL import Image

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.errors import OutputError
from targeting.languages import catalogue
from targeting.plan import make_plan
from targeting.write import LAYERS, picture_fonts, write_plan
from targeting.write import picture as picture_module
from targeting.write.picture import picture
from targeting.write.picture_badges import CLEARANCE, place_badges
from targeting.write.picture_data import read_drawing
from targeting.write.picture_map import REACHED, MapFrame, density_tint, mixed, name_place, reach_tint
from targeting.write.picture_panel import said
from targeting.write.picture_sheet import Sheet, clean, fit, shows, width_of, wrap

ROOT = Path(__file__).parent.parent
TAGS = ["es", "vi", "zh", "ru", "ko", "ar"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan folder with its pictures on letter paper."""
    folder = tmp_path_factory.mktemp("made") / "plan"
    settings = ["certainty.redraws=0", "venues.file=sample_venues.csv", "venues.cards=8"]
    write_plan(make_plan(read_campaign(ROOT / "data" / "sample.toml", settings)), folder)
    picture(folder)
    return folder


@pytest.fixture
def copy(plan: Path, tmp_path: Path) -> Path:
    """A copy of the plan folder, to spoil; without pictures."""
    folder = tmp_path / "copy"
    shutil.copytree(plan, folder, ignore=shutil.ignore_patterns("map*"))
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of few dots, for tests that do not look at them."""
    monkeypatch.setattr(picture_module, "DPI", 20)


def pages(pdf: Path) -> list[tuple[float, float]]:
    """Return the size of every page in points."""
    boxes = re.findall(rb"/Type /Page\b(?!s).*?endobj", pdf.read_bytes(), re.DOTALL)
    sizes = [re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", box) for box in boxes]
    return [(float(size[1]), float(size[2])) for size in sizes if size]


def png_size(path: Path) -> tuple[int, int, float]:
    """Return width, height and dots an inch."""
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    at = data.index(b"pHYs") + 4
    return width, height, struct.unpack(">I", data[at : at + 4])[0] * 0.0254


def words_of(pdf: Path) -> str:
    """Return the PDF's page contents, unpacked."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf.read_bytes(), re.DOTALL)
    unpacked = []
    for stream in streams:
        try:
            unpacked.append(zlib.decompress(stream).decode("latin-1"))
        except zlib.error:
            continue
    return "\n".join(unpacked)


def test_letter_has_a_page_for_the_plan_and_one_a_language(plan: Path) -> None:
    assert pages(plan / "map.pdf") == [(792.0, 612.0)] * (1 + len(TAGS))
    for name in ["map.png", *(f"map-{tag}.png" for tag in TAGS)]:
        width, height, dots = png_size(plan / name)
        assert (width, height) == (3300, 2550)
        assert dots == pytest.approx(300, abs=0.1)
    assert not list(plan.glob(".picture-*"))


def test_the_same_plan_has_the_same_bytes(plan: Path, copy: Path) -> None:
    before = {path.name: path.read_bytes() for path in plan.glob("map*")}
    code = (
        "import sys, pathlib; from targeting.write.picture import picture; picture(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, copy], check=True, cwd=ROOT)
    again = {path.name: path.read_bytes() for path in copy.glob("map*")}
    assert set(again) == set(before) - {"map.html"}
    assert all(before[name] == content for name, content in again.items())
    assert b"CreationDate" not in before["map.pdf"]


def test_the_pdf_is_vectors_and_words(plan: Path) -> None:
    data = (plan / "map.pdf").read_bytes()
    assert b"/Subtype /Image" not in data
    assert b"/FontFile2" in data  # TrueType, so that words can be searched and copied
    assert len(data) < 3_000_000
    assert words_of(plan / "map.pdf").count("BT") > 200


@pytest.mark.usefixtures("quick")
def test_only_the_tables_layers_and_record_are_read(copy: Path) -> None:
    for path in copy.iterdir():
        if path.name not in {LAYERS, "placements.csv", "coverage.csv", "run.json"}:
            path.unlink()
    assert [path.name for path in picture(copy)] == [
        "map.pdf",
        "map.png",
        *(f"map-{tag}.png" for tag in TAGS),
    ]


def test_figures_are_those_of_the_tables(plan: Path) -> None:
    drawing = read_drawing(plan)
    coverage = drawing.plan.coverage
    for shown in drawing.languages:
        row = coverage[(coverage["area"] == "Region") & (coverage["language"] == shown.tag)].iloc[0]
        assert (shown.served, shown.served_moe) == (row["served_posted"], row["served_posted_moe"])
        assert (shown.reach, shown.reach_moe) == (row["reach"], row["reach_moe"])
    assert sum(shown.buses for shown in drawing.languages) == 24
    assert sum(shown.cards for shown in drawing.languages) == 24 + 8
    placed = set(drawing.plan.placements.loc[drawing.plan.placements["unit"] == "route", "unit_name"])
    assert set(drawing.routes.loc[drawing.routes["languages"].map(bool), "name"]) == placed
    assert 0 < len(drawing.venues) <= 8
    assert len(drawing.counties) == 2


def test_tints_are_the_classes_of_the_legend(plan: Path) -> None:
    drawing = read_drawing(plan)
    tint = density_tint(drawing)
    assert {color for color, _ in tint.legend} == set(tint.colors) - {"#ffffff"}
    assert len(tint.legend) == 5
    for shown in drawing.languages:
        tint = reach_tint(drawing, shown)
        assert {color for color, _ in tint.legend} == set(tint.colors) - {"#ffffff"}
        share = drawing.reached[shown.tag]
        most = int(np.nanargmax(share))
        low = max(end for end in REACHED if end <= share[most])
        words = dict(tint.legend)[tint.colors[most]]
        assert words.startswith(f"{low:.0%}" if low else "over 0")
        assert all(color == "#ffffff" for color in np.array(tint.colors)[np.isnan(share)])


def test_languages_of_one_group_are_counted_once(plan: Path, copy: Path) -> None:
    once = read_drawing(plan).density
    tracts = gpd.read_file(copy / LAYERS, layer="tracts")
    tracts = tracts.assign(**{f"uk_{name}": tracts[f"ru_{name}"] for name in ("estimate", "share_reached")})
    tracts.to_file(copy / LAYERS, layer="tracts", driver="GPKG")
    text = (copy / "coverage.csv").read_text(encoding="utf-8")
    russian = [line for line in text.splitlines() if ",ru," in line]
    again = [line.replace(",ru,", ",uk,").replace(",Russian,", ",Ukrainian,") for line in russian]
    (copy / "coverage.csv").write_text(text + "\n".join(again) + "\n", encoding="utf-8")
    record = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    record["languages"].append({**record["languages"][0], "tag": "uk", "own_name": "Українська"})
    (copy / "run.json").write_text(json.dumps(record), encoding="utf-8")
    drawing = read_drawing(copy)
    assert [shown.tag for shown in drawing.languages] == [*TAGS, "uk"]
    assert np.allclose(drawing.density, once)


def test_badges_never_overlap(plan: Path) -> None:
    drawing = read_drawing(plan)
    frame = MapFrame(Sheet(792, 612), (30, 76, 506, 476), drawing.view)
    posted = drawing.routes[drawing.routes["languages"].map(bool)]
    lines = list(frame.seen(posted["line"].to_numpy()))
    boxes = place_badges(lines, [(14.0, 9.0)] * len(lines), frame.outline)
    assert all(box is not None for box in boxes)
    for number, box in enumerate(boxes):
        assert frame.outline.contains(box)
        assert lines[number].distance(box.centroid) < 1e-6  # on its own route
        assert all(box.distance(other) >= CLEARANCE for other in boxes[:number])


def test_badges_of_one_crowded_street_keep_clear_or_stay_away() -> None:
    street = shapely.LineString([(10, 50), (190, 50)])
    frame, arrow = shapely.box(0, 0, 200, 100), shapely.box(0, 40, 60, 60)
    boxes = place_badges([street] * 30, [(20.0, 9.0)] * 30, frame, [arrow])
    placed = [box for box in boxes if box is not None]
    assert 4 <= len(placed) <= 6  # 130 points of street are free
    for number, box in enumerate(placed):
        assert box.distance(arrow) >= CLEARANCE
        assert all(box.distance(other) >= CLEARANCE for other in placed[:number])
    assert place_badges([shapely.MultiLineString()], [(20.0, 9.0)], frame) == [None]


def test_a_badge_stands_where_its_route_is_alone() -> None:
    together = [(0, 50), (100, 50)]
    alone = shapely.LineString([*together, (190, 90)])
    boxes = place_badges(
        [alone, shapely.LineString([*together, (190, 10)])], [(10.0, 8.0)] * 2, shapely.box(0, 0, 200, 100)
    )
    assert boxes[0].centroid.y > 60
    assert boxes[1].centroid.y < 40


def made_font(file: Path, letters: str) -> Path:
    """Write a font in which each of the letters is a square, 1 em wide, on the baseline."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", *(f"u{ord(letter):X}" for letter in letters)]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 1000), (1000, 1000), (1000, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(letters, names[1:], strict=True)})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=1000, descent=0)
    builder.setupNameTable({"familyName": file.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    if file.suffix == ".ttc":
        collection = TTCollection()
        collection.fonts = [builder.font]
        collection.save(file)
    else:
        builder.save(file)
    return file


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The fonts of the system, none until a test adds some."""
    files: list[str] = []
    caches = (picture_fonts.installed, picture_fonts.can_show)
    monkeypatch.setattr(picture_fonts, "findSystemFonts", lambda: files)
    for each in caches:
        each.cache_clear()
    yield files
    for each in caches:
        each.cache_clear()


def test_names_without_letters_in_any_font_fall_back(fonts: list[str]) -> None:
    catalogued = catalogue()
    assert shows(catalogued["vi"].own_name)
    assert shows(catalogued["ar"].own_name)
    assert not shows(catalogued["ko"].own_name)
    assert not shows(catalogued["zh"].own_name)
    assert clean("a한b") == "a\N{REPLACEMENT CHARACTER}b"
    assert shows(clean("한국어 \U0001f68c"))


def test_names_are_written_in_an_installed_font_that_has_their_letters(
    fonts: list[str], tmp_path: Path
) -> None:
    korean, chinese = catalogue()["ko"].own_name, catalogue()["zh"].own_name
    broken = tmp_path / "A Sans.ttf"
    broken.write_bytes(b"no font")
    part = made_font(tmp_path / "Some Sans.ttf", korean[0])
    whole = made_font(tmp_path / "Whole Serif.ttc", korean)
    last = made_font(tmp_path / "LastResort.ttf", korean + chinese)
    fonts += map(str, (broken, whole, last, part))
    assert shows(korean)
    assert not shows(chinese)  # a font of placeholders is none
    assert clean(f"a{korean}b") == f"a{korean}b"
    text = f"Korean ({korean})"
    house = picture_fonts.house_font(False)
    assert list(picture_fonts.runs(text, bold=False)) == [(house, "Korean ("), (whole, korean), (house, ")")]
    assert width_of(korean, 10.0) == pytest.approx(10.0 * len(korean), abs=0.1)
    assert width_of(text, 10.0) == pytest.approx(
        width_of("Korean (", 10.0) + 30.0 + width_of(")", 10.0), abs=0.1
    )

    sheet = Sheet(200.0, 100.0)
    sheet.words(150.0, 50.0, f"a{korean}", 10.0, align="right", color="#ff0000")
    sheet.figure.savefig(tmp_path / "words.png", dpi=72)
    red = (np.asarray(Image.open(tmp_path / "words.png").convert("RGB")) == (255, 0, 0)).all(axis=2)
    assert red[40:50, 120:150].all()  # three squares that end where they should
    assert not red[:, 150:].any()
    assert not red[50:, :].any()


@pytest.mark.usefixtures("quick")
def test_the_legend_has_the_names_that_installed_fonts_have(
    fonts: list[str], copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    words = Sheet.words

    def spy(sheet: Sheet, x: float, y: float, text: str, size: float, **look: Any) -> None:
        written.append(text)
        words(sheet, x, y, text, size, **look)

    monkeypatch.setattr(Sheet, "words", spy)
    korean, chinese = catalogue()["ko"].own_name, catalogue()["zh"].own_name
    fonts.append(str(made_font(tmp_path / "Wide Sans.ttf", korean)))
    picture(copy)
    assert korean in written
    assert any(text.startswith(f"Posters in Korean ({korean}) and") for text in written)
    assert not any(chinese in text for text in written)


def test_texts_are_one_line_and_no_longer_than_their_room() -> None:
    assert clean("one\n two\t\x00\x07three\u202e \r\n") == "one two three"
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
    for size in (5.6, 17.0):
        cut = fit("W" * 10_000, size, 200.0)
        assert cut.endswith("…")
        assert width_of(cut, size) <= 200 < width_of(f"W{cut}", size)
    assert fit("short", 7.0, 200.0) == "short"
    rows = wrap("word " * 400 + "x" * 10_000, 6.0, 150.0, lines=4)
    assert len(rows) == 4
    assert rows[-1].endswith("…")
    assert all(width_of(row, 6.0) <= 150 for row in rows)
    assert wrap("", 6.0, 150.0) == []
    assert " ".join(wrap("all of these words come back", 6.0, 40.0)) == "all of these words come back"


def only_two_languages_hang(folder: Path) -> None:
    """Leave Spanish and Russian on the routes and venues of the layers."""
    for name in ("routes", "venues"):
        layer = gpd.read_file(folder / LAYERS, layer=name)
        tags = layer["languages"].fillna("").str.split(", ")
        kept = [", ".join(tag for tag in carried if tag in ("es", "ru")) for carried in tags]
        layer.assign(languages=kept).to_file(folder / LAYERS, layer=name, driver="GPKG")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "name",
    [
        "$x^2$ and \\frac{1}{$",
        "first line\nsecond line",
        "N" * 10_000,
        "紅色 \U0001f68c",
        "{{ }} % <b>&amp;",
        "العربية 12",
        " ",
    ],
)
def test_hostile_names_are_drawn(copy: Path, name: str) -> None:
    record = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    record["campaign"]["settings"]["name"] = name
    record["feeds"][0]["agencies"] = [name, name]
    (copy / "run.json").write_text(json.dumps(record), encoding="utf-8")
    routes = gpd.read_file(copy / LAYERS, layer="routes")
    routes.assign(route_name=name, route_short_name=name).to_file(
        copy / LAYERS, layer="routes", driver="GPKG"
    )
    tracts = gpd.read_file(copy / LAYERS, layer="tracts")
    tracts.assign(county=name).to_file(copy / LAYERS, layer="tracts", driver="GPKG")
    for table, column in (("placements.csv", "unit_name"), ("coverage.csv", "language_name")):
        rows = pd.read_csv(copy / table, dtype=str, keep_default_na=False)
        rows = rows[rows["language"].isin(["es", "ru"])].assign(**{column: name, "source": name})
        rows.to_csv(copy / table, index=False)
    only_two_languages_hang(copy)
    assert len(picture(copy)) == 4
    assert len(pages(copy / "map.pdf")) == 3


@pytest.mark.usefixtures("quick")
def test_a_plan_without_a_single_poster_is_drawn(copy: Path) -> None:
    header = (copy / "placements.csv").read_text(encoding="utf-8").splitlines()[0]
    (copy / "placements.csv").write_text(header + "\n", encoding="utf-8")
    for layer, columns in (("routes", {"buses": 0}), ("venues", {"cards": 0})):
        gpd.read_file(copy / LAYERS, layer=layer).assign(languages="", **columns).to_file(
            copy / LAYERS, layer=layer, driver="GPKG"
        )
    picture(copy)
    assert len(pages(copy / "map.pdf")) == 1 + len(TAGS)


def test_settings_of_the_users_own_change_nothing(
    copy: Path, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    with matplotlib.rc_context(
        {"lines.linewidth": 9, "text.color": "red", "font.size": 30, "savefig.bbox": "tight"}
    ):
        picture(copy)
        assert matplotlib.rcParams["font.size"] == 30  # and are left as they were
    assert (copy / "map.png").read_bytes() == (plan / "map.png").read_bytes()


def refusal(folder: Path) -> str:
    result = CliRunner().invoke(main, ["picture", str(folder)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_what_cannot_be_drawn_is_refused_in_one_sentence(copy: Path, tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "holds no plan" in refusal(tmp_path / "empty")
    layers = (copy / LAYERS).read_bytes()
    (copy / LAYERS).write_bytes(b"no layers at all")
    assert "cannot be read" in refusal(copy)
    (copy / LAYERS).unlink()
    message = refusal(copy)
    assert "made by an older version" in message
    assert "make the plan again" in message
    (copy / LAYERS).write_bytes(layers)
    tracts = gpd.read_file(copy / LAYERS, layer="tracts")
    tracts.drop(columns="vi_estimate").to_file(copy / LAYERS, layer="tracts", driver="GPKG")
    assert "vi_estimate" in refusal(copy)
    tracts.drop(columns="county").to_file(copy / LAYERS, layer="tracts", driver="GPKG")
    assert "no column 'county'" in refusal(copy)
    tracts.to_file(copy / LAYERS, layer="tracts", driver="GPKG")
    text = (copy / "coverage.csv").read_text(encoding="utf-8")
    hostile = text.replace("Region,region,es,", "Region,region,../es,")
    (copy / "coverage.csv").write_text(hostile, encoding="utf-8")
    assert "do not fit each other" in refusal(copy)
    tracts.to_file(copy / "alone.gpkg", layer="tracts", driver="GPKG")
    (copy / "alone.gpkg").replace(copy / LAYERS)
    assert "no layer 'routes'" in refusal(copy)
    assert not list(copy.glob("map*"))


def test_a_folder_that_cannot_be_written_is_an_error(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(OutputError, match="cannot be written there \\(No space left on device\\)"):
        picture(copy)


@pytest.mark.usefixtures("quick")
def test_the_command_prints_the_paths_and_a4_is_a4(copy: Path) -> None:
    result = CliRunner().invoke(main, ["picture", str(copy), "--paper", "a4"])
    assert result.exit_code == 0
    assert result.stderr == ""
    printed = [Path(line) for line in result.stdout.splitlines()]
    assert printed[:2] == [copy.resolve() / "map.pdf", copy.resolve() / "map.png"]
    assert all(path.is_file() for path in printed)
    sizes = pages(copy / "map.pdf")
    assert len(sizes) == 1 + len(TAGS)
    assert np.allclose(sizes, [(841.89, 595.28)], atol=0.01)
    wrong = CliRunner().invoke(main, ["picture", str(copy), "--paper", "a3"])
    assert wrong.exit_code == 2
    assert "letter" in wrong.stderr


def test_matplotlib_loads_in_this_command_only() -> None:
    code = (
        "import sys, targeting.cli, targeting.write, targeting.plan; assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_figures_and_colours_in_words() -> None:
    assert said(1234, 56) == "1,234 ± 56"
    assert said("under 10", 5) == "under 10"
    assert said(None, None) == "–"
    assert mixed("#1f5fbf", 1.0) == "#1f5fbf"
    assert mixed("#1f5fbf", 0.0) == "#ffffff"
    assert mixed("#000000", 0.5) == "#808080"


def test_a_wide_name_takes_a_low_gap_between_streets_before_a_narrow_one() -> None:
    # 70 points wide and 300 high, beside 300 by 50: a name of 100 points crosses streets in the first
    area = shapely.box(0, 0, 400, 300)
    streets = [shapely.LineString([(x, 0), (x, 300)]) for x in (10, 80, 390)]
    streets += [shapely.LineString([(80, y), (390, y)]) for y in (*range(0, 121, 10), *range(170, 301, 10))]
    place = name_place(area, streets, 100.0)
    assert place is not None
    name = shapely.box(place.x - 50, place.y - 5, place.x + 50, place.y + 5)
    assert not any(street.intersects(name) for street in streets)
    assert name_place(shapely.box(0, 0, 90, 300), streets, 100.0) is None

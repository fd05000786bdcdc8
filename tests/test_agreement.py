"""A number that stands in several outputs of a plan is the same in all of them, to the last person."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import docx
import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from map_page import embedded

from targeting.cli import main
from targeting.wording import OF_GROUP

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"
Facts = dict[tuple[str, ...], dict[str, float]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan with all that it can hold: buses and venues, prices, report."""
    out = tmp_path_factory.mktemp("agreement") / "plan"
    settings = {
        "venues": f'{{file = "{SAMPLE.parent / "sample_venues.csv"}", cards = 4}}',
        "card_price": "3.45",
        "posting_date": "2025-12-08",
        "redraws": "20",
    }
    campaign = out.parent / "campaign.toml"
    text = SAMPLE.read_text(encoding="utf-8").replace('= "', f'= "{SAMPLE.parent}/').replace(
        f'name = "{SAMPLE.parent}/', 'name = "'
    )  # fmt: skip
    campaign.write_text(
        f'{text}\n[venues]\nfile = "{SAMPLE.parent}/sample_venues.csv"\ncards = 4\n'
        f"\n[orders]\ncard_price = {settings['card_price']}\nposting_date = 2025-12-08\n",
        encoding="utf-8",
    )
    done = CliRunner().invoke(
        main, ["plan", str(campaign), "--report", "--quiet", "--set", "redraws=20", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    return out


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def number(text: object) -> float:
    """Return a figure as any output writes it; "under 10" has no number."""
    found = str(text).replace(",", "").strip()
    return float(found) if re.fullmatch(r"-?[0-9.]+", found) else float("nan")


def sheet(folder: Path, book: str, name: str) -> list[dict[str, object]]:
    """Return the rows of a worksheet's table, under the heads of its fourth row or where a head stands."""
    rows = list(openpyxl.load_workbook(folder / book, read_only=False)[name].iter_rows(values_only=True))
    at = next(n for n, row in enumerate(rows) if sum(cell is not None for cell in row) > 4)
    heads = [str(cell) for cell in rows[at]]
    return [dict(zip(heads, row, strict=True)) for row in rows[at + 1 :] if row[1] is not None]


def texts_of(page: str) -> str:
    """Return a page's words between bars, without styles and scripts."""
    body = re.sub(r"<script.*?</script>|<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    body = re.sub(r"</?(span|b|strong|small)[^>]*>", "", body)  # within a figure
    parts = re.split(r"\|", unescape(re.sub(r"<[^>]+>", "|", body)))
    return "|".join(text for part in parts if (text := re.sub(r"\s+", " ", part).strip()))


def of_tables(folder: Path) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """Yield what, where and the figure for every CSV."""
    for row in table(folder, "coverage.csv"):
        if row["area"] == "Region":
            for what in ("lep", "served_any", "served_posted", "reach"):
                yield (what, row["language"]), "coverage.csv", number(row[what])
                yield (f"{what}_moe", row["language"]), "coverage.csv", number(row[f"{what}_moe"])
            for what in ("served_posted_share", "reach_share"):
                yield (what, row["language"]), "coverage.csv", number(row[what])
    for row in table(folder, "strategies.csv"):
        if row["chosen"] == "True":
            yield ("cards", row["language"]), "strategies.csv", number(row["cards"])
            yield ("buses", row["language"]), "strategies.csv", number(row["buses"])
            for what, name in (("served", "served_posted"), ("reach", "reach")):
                yield (name, row["language"]), "strategies.csv", number(row[what])
                yield (f"{name}_moe", row["language"]), "strategies.csv", number(row[f"{what}_moe"])
    for row in table(folder, "robustness.csv"):
        yield ("reach", row["language"]), "robustness.csv", number(row["reach"])
    for row in table(folder, "sensitivity.csv"):
        if row["chosen"] == "True":
            yield ("reach", row["language"]), "sensitivity.csv", number(row["reach"])
            yield ("served_posted", row["language"]), "sensitivity.csv", number(row["served"])
    for row in table(folder, "languages.csv"):
        if row["in_campaign"] == "True":
            yield ("lep", row["language"]), "languages.csv", number(row["lep"])
            yield ("lep_moe", row["language"]), "languages.csv", number(row["lep_moe"])


def of_placements(folder: Path) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """Yield the figures of units, and what they come to by language."""
    cards: dict[str, float] = defaultdict(float)
    buses: dict[str, float] = defaultdict(float)
    for row in table(folder, "placements.csv"):
        for what in ("served", "served_moe", "reach", "reach_moe", "cards", "buses"):
            yield (what, row["unit_id"], row["language"]), "placements.csv", number(row[what])
        cards[row["language"]] += number(row["cards"])
        buses[row["language"]] += number(row["buses"])
    for tag, hung in cards.items():
        yield ("cards", tag), "placements.csv", hung
        yield ("buses", tag), "placements.csv", buses[tag]
    for row in table(folder, "routes.csv"):
        for what in ("served", "served_moe"):
            yield (what, row["route_id"], row["language"]), "routes.csv", number(row[what])
    for row in table(folder, "orders.csv"):
        yield ("cards", row["unit_id"], row["language"]), "orders.csv", number(row["cards"])
        yield ("buses", row["unit_id"], row["language"]), "orders.csv", number(row["buses"])
    for row in table(folder, "orders_print.csv"):
        yield ("cards", row["language"]), "orders_print.csv", number(row["cards"])
        for what in ("reach", "reach_moe"):
            yield (what, row["language"]), "orders_print.csv", number(row[what])
        for what in ("copies", "spares", "print_cost"):
            yield (what, row["language"]), "orders_print.csv", number(row[what])


def of_workbooks(folder: Path) -> Iterator[tuple[tuple[str, ...], str, float]]:
    tags = {row["language_name"]: row["language"] for row in table(folder, "coverage.csv")}
    tags["All campaign languages"] = ""
    units = {row["unit_name"]: row["unit_id"] for row in table(folder, "placements.csv")}
    figures = {
        "lep": "People in the area", "lep_moe": "± in the area", "served_any": "Near any route",
        "served_any_moe": "± near any", "served_posted": "Near a posted route",
        "served_posted_moe": "± near posted", "served_posted_share": "Share near posted",
    }  # fmt: skip
    for row in sheet(folder, "coverage.xlsx", "Coverage"):
        if row["Area"] == "Region":
            for what, head in figures.items():
                yield (what, tags[str(row["Language"])]), "coverage.xlsx", number(row[head])
    for row in sheet(folder, "coverage.xlsx", "Languages"):
        if row["In this campaign"] == "yes":
            yield ("lep", tags[str(row["Language or group"])]), "xlsx Languages", number(row["People"])
    for row in sheet(folder, "coverage.xlsx", "Placements"):
        key = units[str(row["Route or place"])], tags[str(row["Language"])]
        for what, head in {
            "cards": "Cards", "buses": "Buses", "served": "People near it", "served_moe": "± near it",
            "reach": "Reached by itself", "reach_moe": "± reached",
        }.items():  # fmt: skip
            yield (what, *key), "xlsx Placements", number(row[head])
    for row in sheet(folder, "coverage.xlsx", "Strategies"):
        if row["This plan's"] == "yes" and row["Language"] in tags:
            yield ("reach", tags[str(row["Language"])]), "xlsx Strategies", number(row["Reached"])
    for row in sheet(folder, "orders.xlsx", "Fitting list"):
        if row["Where"] in units:
            key = units[str(row["Where"])], tags[str(row["In English"])]
            yield ("cards", *key), "orders.xlsx", number(row["Cards"])
    for row in sheet(folder, "orders.xlsx", "Print order"):
        if row["In English"] in tags:
            tag = tags[str(row["In English"])]
            yield ("cards", tag), "orders.xlsx", number(row["Cards to hang"])
            yield ("copies", tag), "orders.xlsx", number(row["Copies to print"])


def of_pages(folder: Path) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """Yield the figures of the map, its words and its data, and of the sheets to hang up."""
    page = (folder / "map.html").read_text(encoding="utf-8")
    data = embedded(page)
    tags = [language["tag"] for language in data["languages"]]
    own = {language["own"]: language["tag"] for language in data["languages"]}
    for route in data["routes"]:
        ids = [row for row in table(folder, "placements.csv") if row["unit_name"] == route["name"]]
        for poster in route["posters"]:
            key = ids[0]["unit_id"], tags[poster["language"]]
            for what, name in {
                "served": "served", "served_moe": "margin", "reach": "reach", "reach_moe": "reachMargin",
                "buses": "buses",
            }.items():  # fmt: skip
                yield (what, *key), "map.html card", number(poster[name])
    words = texts_of(page).replace("|", " ")
    for name, tag in own.items():
        found = re.search(
            rf"{re.escape(name)} · \D+ ([\d,]+) of [\d,]+ bus\D*?([\d,]+) ± ([\d,]+)\*? of ([\d,]+) "
            r"near any [^;]*; ([\d,]+) in the area reach ([\d,]+) ± ([\d,]+)",
            words,
        )
        assert found, name
        for what, figure in zip(
            ("buses", "served_posted", "served_posted_moe", "served_any", "lep", "reach", "reach_moe"),
            found.groups(),
            strict=True,
        ):
            yield (what, tag), "map.html panel", number(figure)
    sheets = texts_of((folder / "orders.html").read_text(encoding="utf-8"))
    for tag, hang, spares, copies in re.findall(r"\|PRINT-([\w-]+)\|([\d,]+)\|([\d,]+)\|([\d,]+)", sheets):
        for what, figure in {"cards": hang, "spares": spares, "copies": copies}.items():
            yield (what, tag), "orders.html", number(figure)


def of_reports(folder: Path) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """Yield the coverage and the placements of both forms of the report."""
    names = {row["language_name"]: row["language"] for row in table(folder, "coverage.csv")}
    names["All campaign languages"] = ""
    whats = (("lep", "lep_moe"), ("served_any", "served_any_moe"), ("served_posted", "served_posted_moe"))
    written = docx.Document(str(folder / "report.docx"))
    in_word = [
        [[cell.text.lstrip("■ ") for cell in row.cells] for row in each.rows] for each in written.tables
    ]
    html = (folder / "report.html").read_text(encoding="utf-8")
    in_page = [
        [
            [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", cell))).strip() for cell in cells]
            for row in re.findall(r"<tr.*?</tr>", each, re.DOTALL)
            if (cells := re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL))
        ]
        for each in re.findall(r"<table.*?</table>", html, re.DOTALL)
    ]
    for where, tables in {"report.docx": in_word, "report.html": in_page}.items():
        coverage = next(rows for rows in tables if "In the region" in rows[0])
        for row in coverage[1:]:
            figures = [re.split(r"\s*±\s*", cell) for cell in row[1:]]
            for (what, margin), pair in zip(whats, figures, strict=False):
                if len(pair) == 2:
                    yield (what, names[row[0].removesuffix(OF_GROUP)]), where, number(pair[0])
                    yield (margin, names[row[0].removesuffix(OF_GROUP)]), where, number(pair[1])
        units = {row["unit_name"]: row["unit_id"] for row in table(folder, "placements.csv")}
        placed = next(rows for rows in tables if "Certainty" in rows[0] and "Why" in rows[0])
        for row in placed[1:]:
            tag = names[row[1].split(" · ")[0].removesuffix(OF_GROUP)]
            served, reach = (re.split(r"\s*±\s*", row[column]) for column in (3, 4))
            for what, pair in {"served": served, "reach": reach}.items():
                if len(pair) == 2:
                    yield (what, units[row[0]], tag), where, number(pair[0])
                    yield (f"{what}_moe", units[row[0]], tag), where, number(pair[1])


def facts(folder: Path) -> Facts:
    found: Facts = defaultdict(dict)
    for read in (of_tables, of_placements, of_workbooks, of_pages, of_reports):
        for what, where, figure in read(folder):
            if figure == figure:
                found[what][where] = figure
    return found


def test_a_number_is_the_same_wherever_it_stands(folder: Path) -> None:
    found = facts(folder)
    apart = {what: said for what, said in found.items() if len(set(said.values())) > 1}
    assert not apart
    seen = defaultdict(int)
    for said in found.values():
        if len(said) > 1:
            for where in said:
                seen[where] += 1
    # every output takes part: a reader above that finds nothing would prove nothing
    assert {where: count for where, count in seen.items() if count < 6} == {}
    assert set(seen) == {
        "coverage.csv", "strategies.csv", "robustness.csv", "sensitivity.csv", "languages.csv",
        "placements.csv", "routes.csv", "orders.csv", "orders_print.csv", "coverage.xlsx",
        "xlsx Languages", "xlsx Placements", "xlsx Strategies", "orders.xlsx", "map.html card",
        "map.html panel", "orders.html", "report.docx", "report.html",
    }  # fmt: skip
    assert len(found["reach", "es"]) >= 7


def test_layers_add_up_to_the_tables(folder: Path) -> None:
    coverage = {row["language"]: row for row in table(folder, "coverage.csv") if row["area"] == "Region"}
    tracts, routes, venues = (
        gpd.read_file(folder / "plan.gpkg", layer=name) for name in ("tracts", "routes", "venues")
    )
    for tag, row in coverage.items():
        people = tracts[f"{tag}_estimate"]
        told = people.notna().to_numpy()
        # tracts with fewer than ten people are empty in the layer, each up to nine people
        hidden = 9.5 * (~told).sum()
        assert people.sum() <= number(row["lep"]) + 0.5 * told.sum()
        assert people.sum() + hidden + 0.5 * told.sum() >= number(row["lep"])
        reached = (people * tracts[f"{tag}_share_reached"])[told].sum()
        assert reached == pytest.approx(number(row["reach"]), abs=hidden + 1 + 0.5 * told.sum())
    placed = pd.DataFrame(table(folder, "placements.csv")).astype({"buses": int, "cards": int})
    in_buses = placed[placed["unit"] == "route"].groupby("unit_id")["buses"].sum()
    assert routes.set_index("route_id")["buses"].loc[in_buses.index].tolist() == in_buses.tolist()
    assert int(routes["buses"].sum()) == int(in_buses.sum())
    in_venues = placed[placed["unit"] == "venue"].groupby("unit_id")["cards"].sum()
    assert venues.set_index("venue_id")["cards"].loc[in_venues.index].tolist() == in_venues.tolist()


def test_the_record_says_what_the_tables_say(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    placed = table(folder, "placements.csv")
    figures = record["figures"]
    assert figures["buses_placed"] == sum(int(row["buses"]) for row in placed)
    assert figures["venue_cards_placed"] == sum(
        int(row["cards"]) for row in placed if row["unit"] == "venue"
    )  # fmt: skip
    assert figures["routes"] == len({row["route_id"] for row in table(folder, "routes.csv")})
    total = next(
        row for row in table(folder, "strategies.csv") if row["chosen"] == "True" and not row["language"]
    )
    assert round(record["placement"]["value"]) == number(total["reach"])


def test_costs_add_up(folder: Path) -> None:
    rows = table(folder, "orders_print.csv")
    each = [row for row in rows if row["language"]]
    (whole,) = [row for row in rows if not row["language"]]
    for row in each:
        assert number(row["print_cost"]) == pytest.approx(3.45 * int(row["copies"]), abs=0.001)
    assert number(whole["print_cost"]) == pytest.approx(sum(number(row["print_cost"]) for row in each))

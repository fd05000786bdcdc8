"""The public page and folder: where posters hang, and nothing that was counted."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from map_page import Visit, chromium, embedded

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.errors import OutputError
from targeting.plan import Plan, make_plan
from targeting.write import write_plan
from targeting.write.map import map_html

ROOT = Path(__file__).parent.parent
PEOPLE = (
    "served", "served_moe", "reach", "reach_moe", "reach_added", "certainty", "score", "largest_probability",
    "second_probability", "enough_probability", "cv",
)  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> Plan:
    venues = [f'venues.file="{ROOT / "data" / "sample_venues.csv"}"', "venues.cards=6"]
    return make_plan(read_campaign(ROOT / "data" / "sample.toml", venues))


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("public") / "plan"
    write_plan(plan, out, audience="public")
    return out


def everybody_else(plan: Plan) -> Plan:
    """Return the same posters in a region of other people: other names, other counts, other words."""
    scores, tracts = plan.scores, plan.scores.tracts
    others = replace(
        tracts,
        names="Elsewhere " + tracts.names,
        population=tracts.population * 7 + 1,
        population_moe=tracts.population_moe * 3,
        estimates=tracts.estimates * 7 + 1,
        margins=tracts.margins * 3 + 1,
    )
    changed = {name: plan.placements[name] * 3 + 1 for name in PEOPLE}
    numbers = plan.coverage.select_dtypes("number").columns
    return replace(
        plan,
        placements=plan.placements.assign(**changed, reason="Other words.", differs=True, runner_up=""),
        coverage=plan.coverage.assign(**{name: plan.coverage[name] * 7 + 1 for name in numbers}),
        scores=replace(
            scores,
            inputs=replace(scores.inputs, tracts=others),
            routes=scores.routes.assign(served=scores.routes["served"] * 7 + 1),
            predominant=scores.predominant.map(lambda _: ""),
        ),
    )


def test_the_public_bytes_do_not_depend_on_people(plan: Plan) -> None:
    other = everybody_else(plan)
    assert map_html(other) != map_html(plan)
    assert map_html(other, "public") == map_html(plan, "public")


def test_no_tract_and_no_count_is_in_the_public_folder(plan: Plan, folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["map.html", "placements.csv", "run.json"]
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    tracts = plan.scores.tracts
    for text in written.values():
        assert not [name for name in tracts.names if name.split(",")[0] in text]
        assert not [geoid for geoid in tracts.names.index if geoid in text]
        for row in plan.placements.itertuples():
            assert f"{row.served:,.0f} ±" not in text
            assert row.reason not in text
    data = embedded(written["map.html"])
    assert not {"tracts", "groups_hot"} & set(data)
    assert list(data["topology"]["objects"]) == ["counties"]
    assert not {"figures", "verdict", "elsewhere"} & {key for route in data["routes"] for key in route}
    hung = [poster for place in data["routes"] + data["venues"] for poster in place["posters"]]
    assert {key for poster in hung for key in poster} == {"language", "buses", "unit", "cards"}
    page = written["map.html"]
    assert "±" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    record = json.loads(written["run.json"])
    assert record["audience"] == "public"
    assert not {"placement", "notices"} & set(record)
    assert set(record["figures"]) == {
        "routes", "stops", "trips_in_design_week", "buses_placed", "venue_cards_placed",
    }  # fmt: skip
    named = [part["path"] for kind in ("feeds", "census", "other_files") for part in record[kind]]
    assert {"sample.zip", "sample_c16001.csv"} <= set(named)
    assert str(plan.scores.campaign.file.parent) not in written["run.json"], "folders may tell who made it"
    assert not any("/" in name for name in [*named, *record["campaign"]["settings"]["region"]["gtfs"]])


def test_the_public_table_tells_where_posters_hang(plan: Plan, folder: Path) -> None:
    table = pd.read_csv(io.StringIO((folder / "placements.csv").read_text(encoding="utf-8")))
    assert list(table.columns) == [
        "unit",
        "unit_name",
        "language",
        "language_name",
        "buses",
        "cards",
        "source",
    ]
    keys = ["unit_name", "language", "buses", "cards"]
    assert set(table[keys].itertuples(index=False, name=None)) == set(
        plan.placements[keys].itertuples(index=False, name=None)
    )
    assert "ACS" not in table["source"].iloc[0]


def test_a_report_is_not_for_the_public(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="figures of people"):
        write_plan(plan, tmp_path / "plan", report=True, audience="public")
    assert list(tmp_path.iterdir()) == []
    sample = str(ROOT / "data" / "sample.toml")
    result = CliRunner().invoke(main, ["plan", sample, "--report", "--audience", "public"])
    assert result.exit_code == 2
    assert "leave it out for the public" in result.output


def test_the_staff_record_says_for_whom(plan: Plan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan")
    assert json.loads((tmp_path / "plan" / "run.json").read_text(encoding="utf-8"))["audience"] == "staff"


@pytest.mark.parametrize("address", ["", "#lang=vi", "#lang=es&route=28"])
def test_no_barrier_is_found_in_public(folder: Path, address: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    with chromium() as browser:
        visit = Visit(browser, folder / "map.html", address=address)
        found = axe.Axe().run(visit.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        visit.context.close()


def test_the_public_page_works(folder: Path) -> None:
    with chromium() as browser:
        visit = Visit(browser, folder / "map.html")
        page: Any = visit.page
        assert "holds no figures of people" in page.locator(".public-note").inner_text()
        page.locator("#routes .route-row").first.click()
        card = page.locator(".route-popup").inner_text()
        assert "bus" in card
        assert "served" not in card.lower()
        # a low card leaves the map its width: the route is not drawn small beside it
        number, box = page.locator(".badge .picked").bounding_box(), page.locator(".card").bounding_box()
        assert number["y"] > box["y"] + box["height"]
        span = page.evaluate(
            "() => { let line; map_plan.eachLayer((l) => {"
            " if (l.options.weight > 6 && l.options.lineCap === 'butt') line = l; });"
            " const box = line.getBounds(), at = (place) => map_plan.latLngToContainerPoint(place);"
            " return [at(box.getNorthEast()).x - at(box.getSouthWest()).x,"
            " at(box.getSouthWest()).y - at(box.getNorthEast()).y]; }"
        )
        assert max(span) > 300
        page.get_by_role("radio", name="Spanish").check()
        assert page.locator("[data-layer=tracts]").count() == 0
        assert page.locator("[data-layer=hotspots]").count() == 0
        page.get_by_role("button", name="All placements as a table").click()
        assert page.locator("#placements thead th").count() == 3
        page.locator("#venues .route-row").first.evaluate("(row) => row.click()")
        assert page.locator(".venue-popup").count() == 1
        assert visit.complaints == []
        assert len(visit.requests) == 1
        visit.context.close()

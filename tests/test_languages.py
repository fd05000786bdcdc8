"""Poster languages and census groups: the catalogue, tags, and what the tables say of them."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from targeting.campaign import read_campaign
from targeting.errors import CampaignError, TractError
from targeting.languages import GROUPS, catalogue, find_languages, largest_languages, told_apart
from targeting.plan import Plan, make_plan, score_routes
from targeting.plan_tables import language_rows
from targeting.tracts import Tracts

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"


# --- catalogue --------------------------------------------------------------------------------


def test_groups_are_the_lines_of_the_census_table(real_data: Path) -> None:
    variables = json.loads((real_data / "acs/api_variables_2019_acs5_C16001.json").read_text())["variables"]
    assert [group.first_line for group in GROUPS.values()] == list(range(3, 38, 3))
    for group in GROUPS.values():
        speakers = variables[f"C16001_{group.first_line:03d}E"]["label"].split("!!")
        lep = variables[f"C16001_{group.first_line + 2:03d}E"]["label"].split("!!")
        assert speakers[-1].rstrip(":") in (
            group.name,
            f"{group.name}s",
            group.name.removesuffix(" languages"),
        )
        assert lep[-2] == speakers[-1]
        assert 'less than "very well"' in lep[-1]


def test_every_language_is_in_the_group_where_the_bureau_counts_it(real_data: Path) -> None:
    path = real_data / "acs/psu_langxwalk_lanp_b16001_c16001_c16002.csv"
    with path.open(encoding="utf-8-sig") as file:
        counted = {row["lanp16_label"].lower(): row["lc12label"] for row in csv.DictReader(file)}
    found = {
        tag: counted[language.english_name.lower()]
        for tag, language in catalogue().items()
        if language.english_name.lower() in counted
    }
    names = {tag: catalogue()[tag].group.name for tag in found}  # the crosswalk shortens some names
    assert {tag: name[:9] for tag, name in found.items()} == {tag: name[:9] for tag, name in names.items()}
    assert len(found) >= 40


def test_leading_languages_are_in_their_group() -> None:
    for group in GROUPS.values():
        if group.leading:
            assert catalogue()[group.leading].group == group
        else:
            assert group.kind == "leftover"
    assert sum(group.kind == "language" for group in GROUPS.values()) == 6
    assert sum(group.kind == "leftover" for group in GROUPS.values()) == 3


def test_catalogue_is_complete_and_english_is_not_in_it() -> None:
    for tag, language in catalogue().items():
        assert language.tag == tag
        assert language.english_name.strip()
        assert language.own_name.strip()
    assert not {"en", "en-US"} & set(catalogue())
    names = [language.english_name for language in catalogue().values()]
    assert len(names) == len(set(names))


def test_measured_as_says_what_the_figures_count() -> None:
    said = {
        language.tag: language.measured_as
        for language in find_languages(["es", "zh", "zh-Hant", "ru", "fil", "so"])
    }
    assert said == {
        "es": "Spanish",
        "zh": "Chinese",
        "zh-Hant": "Chinese (incl. Mandarin, Cantonese)",
        "ru": "Russian, Polish, or other Slavic languages",
        "fil": "Tagalog (incl. Filipino)",
        "so": "Other and unspecified languages",
    }


# --- tags -------------------------------------------------------------------------------------


def test_order_is_that_of_the_campaign() -> None:
    assert [language.tag for language in find_languages(["vi", "ar", "es"])] == ["vi", "ar", "es"]


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("ES", "did you mean 'es'?"),
        ("Spanish", "did you mean 'es'?"),
        ("chinese", "did you mean 'zh'?"),
        ("Vietnamise", "did you mean 'vi'?"),
        ("zh-hant", "did you mean 'zh-Hant'?"),
        ("qqqqqq", "see docs/languages.md."),
    ],
)
def test_unknown_tags(tag: str, hint: str) -> None:
    with pytest.raises(CampaignError) as caught:
        find_languages(["ko", tag])
    assert str(caught.value) == f"posters.languages: unknown language tag {tag!r}; {hint}"


@pytest.mark.parametrize("tag", ["en", "EN", "English"])
def test_english_is_never_a_poster_language(tag: str) -> None:
    with pytest.raises(CampaignError, match="English cannot be a poster language"):
        find_languages(["es", tag])
    with pytest.raises(CampaignError, match="unknown language tag 'en-US'"):
        find_languages(["en-US"])


def test_language_listed_twice() -> None:
    with pytest.raises(CampaignError, match="'es' is listed twice"):
        find_languages(["es", "vi", "es"])


def test_largest_languages_leave_leftovers_and_empty_groups_out() -> None:
    speakers = {
        "spanish": 900.0, "other": 800.0, "slavic": 50.0, "korean": 60.0, "arabic": 0.0,
        "other_asian_pacific": 700.0, "vietnamese": 60.0,
    }  # fmt: skip
    assert [language.tag for language in largest_languages(6, speakers)] == ["es", "ko", "vi", "ru"]
    assert [language.tag for language in largest_languages(2, speakers)] == ["es", "ko"]


def test_told_apart_keeps_the_order_of_the_campaign() -> None:
    groups = told_apart(find_languages(["uk", "es", "ru"]))
    assert {key: [lang.tag for lang in members] for key, members in groups.items()} == {
        "slavic": ["uk", "ru"], "spanish": ["es"],
    }  # fmt: skip
    assert list(groups) == ["slavic", "spanish"]


# --- languages.csv ----------------------------------------------------------------------------


def rows_of(
    people: dict[str, list[float]],
    margins: dict[str, list[float]],
    population: list[float],
    tags: list[str],
    measure: str = "lep",
) -> pd.DataFrame:
    geoids = pd.Index([f"4105100010{i}" for i in range(len(population))], name="GEOID")
    tracts = Tracts(
        names=pd.Series("", index=geoids),
        county=pd.Series("", index=geoids),
        population=pd.Series(population, index=geoids),
        population_moe=pd.Series([30.0, 40.0], index=geoids),
        estimates=pd.DataFrame(people, index=geoids),
        margins=pd.DataFrame(margins, index=geoids),
        geometry=gpd.GeoSeries([shapely.box(0, 0, 1, 1)] * len(geoids), index=geoids, crs=4326),
        tables=(),
        sources=(),
    )
    campaign = SimpleNamespace(region=SimpleNamespace(measure=measure))
    scores = SimpleNamespace(campaign=campaign, tracts=tracts, languages=find_languages(tags))
    return language_rows(scores).set_index("measured_as")  # type: ignore[arg-type]


def test_safe_harbor_is_1000_people_in_a_large_region() -> None:
    # 5 % of 50,000 is 2,500, so 1,000 is less
    table = rows_of(
        {"spanish": [900.0, 100.0], "korean": [999.0, 0.0], "arabic": [600.0, 900.0]},
        {"spanish": [60.0, 80.0], "korean": [80.0, 12.0], "arabic": [300.0, 400.0]},
        [20_000.0, 30_000.0],
        ["es", "ko"],
    )
    assert table["safe_harbor_threshold"].unique().tolist() == [1000]
    assert table["safe_harbor"].to_dict() == {"Arabic": True, "Spanish": True, "Korean": False}
    assert table["lep"].tolist() == [1500, 1000, 999]  # largest first
    assert table.at["Spanish", "lep_moe"] == pytest.approx(100)  # sqrt(60² + 80²)
    # 1,500 ± 500 just touches the threshold: not certain
    assert table["safe_harbor_certain"].to_dict() == {"Arabic": False, "Spanish": False, "Korean": False}
    # p = 0.02; sqrt(100² - 0.0004 · (30² + 40²)) / 50,000 = sqrt(9999) / 50,000
    assert table.at["Spanish", "share"] == pytest.approx(0.02)
    assert table.at["Spanish", "share_moe"] == pytest.approx(9999**0.5 / 50_000)
    assert table["in_campaign"].to_dict() == {"Arabic": False, "Spanish": True, "Korean": True}


def test_safe_harbor_says_nothing_of_all_speakers() -> None:
    table = rows_of({"spanish": [900.0, 900.0]}, {"spanish": [9.0, 9.0]}, [9e4, 9e4], ["es"], "speakers")
    assert table[["safe_harbor", "safe_harbor_certain"]].isna().all(axis=None)
    assert table["lep"].tolist() == [1800]


def test_safe_harbor_is_5_percent_in_a_small_region() -> None:
    # 5 % of 4,000 is 200; 260 ± 50 is surely above, 150 ± 40 surely below, 240 ± 50 is not sure
    table = rows_of(
        {"spanish": [260.0, 0.0], "korean": [150.0, 0.0], "arabic": [240.0, 0.0]},
        {"spanish": [50.0, 0.0], "korean": [40.0, 0.0], "arabic": [50.0, 0.0]},
        [1000.0, 3000.0],
        ["es"],
    )
    assert table["safe_harbor_threshold"].unique().tolist() == [pytest.approx(200)]
    assert table["safe_harbor"].to_dict() == {"Spanish": True, "Arabic": True, "Korean": False}
    assert table["safe_harbor_certain"].to_dict() == {"Spanish": True, "Arabic": False, "Korean": True}


def test_groups_that_are_no_language_have_no_tag() -> None:
    table = rows_of(
        {"slavic": [9.0, 1.0], "other": [5.0, 1.0], "vietnamese": [2.0, 1.0]},
        {"slavic": [9.0, 1.0], "other": [5.0, 1.0], "vietnamese": [2.0, 1.0]},
        [100.0, 100.0],
        ["so"],
    )
    slavic, other = (GROUPS[key].name for key in ("slavic", "other"))
    assert table["language"].to_dict() == {slavic: "", other: "so", "Vietnamese": "vi"}
    assert table["language_name"].to_dict() == {
        slavic: slavic,
        other: "Somali",
        "Vietnamese": "Vietnamese",
    }


# --- two languages that the census counts as one ----------------------------------------------


@pytest.fixture(scope="module")
def slavic_plan() -> Plan:
    return make_plan(read_campaign(SAMPLE, ['languages=["es", "ru", "uk"]', "buses=60"]))


def test_russian_and_ukrainian_cannot_be_told_apart(slavic_plan: Plan) -> None:
    said = {notice.code: notice.message for notice in slavic_plan.scores.notices}
    assert said["not_told_apart"].startswith("Russian and Ukrainian cannot be told apart")
    assert "'Russian, Polish, or other Slavic languages'" in said["not_told_apart"]
    assert "measured_by_group" not in said


def test_their_buses_are_dealt_in_turn(slavic_plan: Plan) -> None:
    dealt = slavic_plan.placements.groupby("language")["buses"].sum()
    assert dealt["ru"] + dealt["uk"] >= 4
    assert dealt["ru"] - dealt["uk"] in (0, 1)
    assert dealt.sum() == 60


def test_both_show_the_figures_of_their_group(slavic_plan: Plan) -> None:
    routes = slavic_plan.routes.set_index(["route_id", "language"]).sort_index()
    figures = ["served", "served_moe", "served_low", "served_high", "exposure", "score", "rank"]
    russian, ukrainian = (routes.xs(tag, level="language")[figures] for tag in ("ru", "uk"))
    pd.testing.assert_frame_equal(russian, ukrainian)
    assert set(routes["measured_as"]) == {"Spanish", GROUPS["slavic"].name}
    people = slavic_plan.languages.set_index("language")["lep"]
    assert people["ru"] == people["uk"] > 0


def test_one_language_of_a_cluster_is_measured_by_its_group() -> None:
    scores = score_routes(read_campaign(SAMPLE, ['languages=["uk"]']))
    said = {notice.code: notice.message for notice in scores.notices}
    assert "Ukrainian is measured by the census group" in said["measured_by_group"]
    assert set(scores.assigned["group"]) == {"slavic"}


def test_automatic_languages_of_the_sample() -> None:
    scores = score_routes(read_campaign(SAMPLE, ["languages=auto:3"]))
    totals = scores.tracts.estimates.sum()
    nameable = [key for key in totals.index if GROUPS[key].leading]
    expected = sorted(nameable, key=lambda key: -totals[key])[:3]
    assert [language.group.key for language in scores.languages] == expected
    message = next(notice.message for notice in scores.notices if notice.code == "languages_chosen")
    leftover = totals[[key for key in totals.index if not GROUPS[key].leading]].sum()
    assert f"{leftover:,.0f} people" in message


def test_language_whose_line_the_table_lacks(tmp_path: Path) -> None:
    table = pd.read_csv(SAMPLE.parent / "acs/sample_c16001.csv", dtype=str)
    path = tmp_path / "few.csv"
    table.drop(columns=["C16001_020E", "C16001_020M"]).to_csv(path, index=False)
    with pytest.raises(TractError, match=r"Korean needs column C16001_020E \(Korean\)"):
        score_routes(read_campaign(SAMPLE, [f"acs={path}"]))

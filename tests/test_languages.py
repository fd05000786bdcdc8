"""Poster languages and census groups: the catalogue, tags, and what the tables say of them."""

import csv
import json
import re
import runpy
import unicodedata
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from conftest import PACKAGE

from targeting.campaign import read_campaign
from targeting.errors import CampaignError, TractError
from targeting.languages import (
    CATEGORIES,
    GROUPS,
    catalogue,
    find_languages,
    largest_languages,
    told_apart,
)
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


# What the Bureau's code list calls a language that the catalogue calls otherwise, or the code of the
# whole family where the language has none of its own
CODED_AS = {
    "ht": "Haitian", "pdc": "Pennsylvania German", "kea": "Kabuverdianu", "fa": "Farsi",
    "ku": "Kurdish", "ckb": "Kurdish", "zh-Hans": "Chinese", "zh-Hant": "Chinese",
    "kar": "Karen languages", "cnh": "Chin languages", "lg": "Ganda", "rn": "Other Bantu languages",
    "ln": "Other Bantu languages", "din": "Nilo-Saharan languages", "nus": "Nilo-Saharan languages",
    "tw": "Akan (incl. Twi)", "ee": "Gbe languages", "bm": "Manding languages",
    "fj": "Other Eastern Malayo-Polynesian languages",
    "pon": "Other Eastern Malayo-Polynesian languages",
    "esu": "Aleut languages", "kri": "Other English-based Creole languages",
    "quc": "Other Central and South American languages",
    "mam": "Other Central and South American languages",
    "qu": "Other Central and South American languages",
}  # fmt: skip
# Languages of a code of their own that read the same poster as the one that stands for the category
VARIETIES = {
    "fr": {"Cajun French"},
    "de": {"Swiss German"},
    "zh": {"Mandarin", "Cantonese", "Min Nan Chinese"},
    "tl": {"Filipino"},
}


@pytest.fixture(scope="module")
def code_list(real_data: Path) -> pd.DataFrame:
    """The Bureau's language codes of 2016 with their B16001 category and C16001 group, by label."""
    path = real_data / "acs/psu_langxwalk_lanp_b16001_c16001_c16002.csv"
    return pd.read_csv(path, encoding="utf-8-sig").set_index("lanp16_label")


def test_every_language_is_in_the_group_and_category_where_the_bureau_counts_it(
    code_list: pd.DataFrame,
) -> None:
    assert {category.name for category in CATEGORIES.values()} == set(code_list["lc42label"])
    for tag, language in catalogue().items():
        coded = code_list.loc[CODED_AS.get(tag, language.english_name)]
        category = CATEGORIES[language.category]
        assert (tag, category.name) == (tag, coded["lc42label"])
        assert category.group == language.group.key
        assert coded["lc12label"] in (language.group.name, f"{language.group.name} languages"), tag


def test_a_language_is_alone_where_its_category_has_no_other(code_list: pd.DataFrame) -> None:
    for tag, language in catalogue().items():
        name = CODED_AS.get(tag, language.english_name)
        coded = set(code_list.index[code_list["lc42label"] == CATEGORIES[language.category].name])
        only = coded - VARIETIES.get(tag, set()) == {name} and tag not in ("zh-Hans", "zh-Hant", "fil")
        assert (tag, language.alone) == (tag, only)
    standing = [language.category for language in catalogue().values() if language.alone]
    assert len(standing) == len(set(standing)) == 26


def test_categories_are_the_lines_of_the_census_table(real_data: Path) -> None:
    assert len(CATEGORIES) == 42
    assert [category.first_line for category in CATEGORIES.values()] == list(range(3, 127, 3))
    table = pd.read_csv(real_data / "acs/acsdt5y2020-b16001.dat", sep="|", index_col="GEO_ID")
    table = table.filter(like="_E").set_axis(range(1, 129), axis=1)
    lines = table[[category.first_line for category in CATEGORIES.values()]]
    assert (table[1] - table[2] == lines.sum(axis=1)).all()
    # Each category is where such people are known to live: that settles their order
    state = lines.index.str[9:11]
    share = lines.groupby(state).sum().div(table[1].groupby(state).sum(), axis=0)
    home = {
        "haitian": "12", "portuguese": "25", "other_west_germanic": "36", "polish": "17",
        "ukrainian_other_slavic": "53", "armenian": "06", "persian": "06", "gujarati": "34", "bengali": "36",
        "japanese": "15", "hmong": "27", "khmer": "44", "tagalog": "15", "austronesian": "15",
        "arabic": "26", "hebrew": "36", "amharic_somali": "27", "west_african": "24", "navajo": "35",
        "other_native_american": "02",
    }  # fmt: skip
    assert {key: share[CATEGORIES[key].first_line].idxmax() for key in home} == home


def test_every_category_that_names_a_language_has_it() -> None:
    names = {language.english_name for language in catalogue().values()}
    also = {"Haitian": "Haitian Creole", "Farsi": "Persian (Farsi)", "Serbo-Croatian": "Serbian"}
    for category in CATEGORIES.values():
        if category.key not in (
            "other_indo_european",
            "other_asia",
            "other_native_american",
            "rest_other",
        ):
            named = re.split(r",? or other |,? or | \(incl. |, |\)", category.name)
            named = [
                word for word in named if word and not re.search("languages|Cajun|Mandarin|Cantonese", word)
            ]
            named = [word for word in named if word not in ("Persian", "Eastern", "and Southern Africa")]
            assert {also.get(word, word) for word in named} <= names, category.name


# --- names ------------------------------------------------------------------------------------

# Own names that are not CLDR's, and why
OWN_NAMES_OTHERWISE = {
    "om": "Afaan Oromoo",  # "Oromoo" alone is the people; agencies and schools write Afaan Oromoo
    "id": "Bahasa Indonesia",  # "Indonesia" alone reads as the country
    "ms": "Bahasa Melayu",  # likewise
    "bm": "Bamanankan",  # CLDR's "bamanakan" lacks a letter
}


def cldr(tag: str) -> str | None:
    """Return CLDR's own name of a language, with a capital as on a label; None where it has none."""
    babel = pytest.importorskip("babel")
    key = {"prs": "fa_AF"}.get(tag, tag.replace("-", "_"))
    try:
        name = babel.Locale.parse(key).languages.get(key)
    except babel.UnknownLocaleError:
        return None
    return name and name[0].title() + name[1:]  # .upper() would give Georgian its capitals of headlines


def test_own_names_are_those_of_cldr() -> None:
    names = {tag: name for tag in catalogue() if (name := cldr(tag))}
    assert len(names) >= 80
    differing = {tag: catalogue()[tag].own_name for tag in names if catalogue()[tag].own_name != names[tag]}
    assert differing == OWN_NAMES_OTHERWISE


LETTERS = {
    "Arab": "ARABIC", "Armn": "ARMENIAN", "Beng": "BENGALI", "Cher": "CHEROKEE", "Cyrl": "CYRILLIC",
    "Deva": "DEVANAGARI", "Ethi": "ETHIOPIC", "Geor": "GEORGIAN", "Grek": "GREEK", "Gujr": "GUJARATI",
    "Guru": "GURMUKHI", "Hani": "CJK", "Hans": "CJK", "Hant": "CJK", "Hebr": "HEBREW", "Jpan": "CJK",
    "Khmr": "KHMER", "Knda": "KANNADA", "Kore": "HANGUL", "Laoo": "LAO", "Latn": "LATIN",
    "Mlym": "MALAYALAM", "Mymr": "MYANMAR", "Sinh": "SINHALA", "Syrc": "SYRIAC", "Taml": "TAMIL",
    "Telu": "TELUGU", "Thai": "THAI", "Tibt": "TIBETAN",
}  # fmt: skip


def test_own_names_are_in_their_script() -> None:
    own = [language.own_name for language in catalogue().values()]
    assert len(set(own)) == len(own)
    for tag, language in catalogue().items():
        assert language.own_name == language.own_name.strip()
        assert language.own_name[0] == language.own_name[0].title(), tag
        names = [unicodedata.name(letter) for letter in language.own_name if letter.isalpha()]
        scripts = {name.split()[0] for name in names} - {"MODIFIER"}  # ʻ and ʼ are letters of no script
        assert (tag, scripts) == (tag, {LETTERS[language.script]})


def test_scripts_and_directions_are_those_of_cldr() -> None:
    babel = pytest.importorskip("babel")
    likely = babel.core.get_global("likely_subtags")
    otherwise = {"zh": "Hani"}  # said of both scripts together
    for tag, language in catalogue().items():
        subtags = likely.get(tag.replace("-", "_"), "").split("_")
        if len(subtags) == 3 and subtags[0] == tag:
            assert (tag, language.script) == (tag, otherwise.get(tag, subtags[1]))
        assert language.rtl == (language.script in ("Arab", "Hebr", "Syrc")), tag
        assert language.direction in ("ltr", "rtl")
        if cldr(tag):
            assert (
                language.direction
                == babel.Locale.parse(tag.split("-")[0] if tag != "prs" else "fa").text_direction
            )


def test_lines_of_the_file_are_those_of_the_tables() -> None:
    with (PACKAGE / "languages.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["tag"] for row in rows] == list(catalogue())
    for row in rows:
        assert int(row["c16001_line"]) == GROUPS[row["group"]].first_line
        assert int(row["b16001_line"]) == CATEGORIES[row["b16001_category"]].first_line
        assert row["direction"] in ("ltr", "rtl")
        assert row["alone"] in ("true", "false")


def test_the_page_of_languages_is_up_to_date() -> None:
    docs = Path(__file__).parent.parent / "docs"
    made = runpy.run_path(str(docs / "make_languages.py"))["page"]
    text = (docs / "languages.md").read_text(encoding="utf-8")
    assert made(text) == text


def test_countries_of_birth() -> None:
    born = {tag: language.countries for tag, language in catalogue().items()}
    assert born["ht"] == ("Haiti",)
    assert born["zh-Hans"][0] == "China, excluding Hong Kong and Taiwan"
    assert {tag for tag, countries in born.items() if not countries} == {
        "yi", "pdc", "haw", "ch", "nv", "chr", "esu",
    }  # fmt: skip
    for countries in born.values():
        assert len(set(countries)) == len(countries) <= 8
        assert all(country == country.strip() for country in countries)


def test_common_poster_languages_are_there() -> None:
    common = """es vi zh-Hans zh-Hant ru uk ro ko ar so am ti tl km lo hmn th my kar ne prs ps fa sw chk
        mh sm to ht pt pl pa hi gu bn ur ja fr de yi he nv om fil sr bs hr kea ku rw rn ln tr mam quc"""
    assert set(common.split()) <= set(catalogue())
    assert len(catalogue()) >= 100


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
        ("klingon", "see docs/languages.md."),  # no likeness with lin, a code of Lingala
        ("kling", "see docs/languages.md."),
        ("Spansh", "did you mean 'es'?"),
        ("zh-CN", "did you mean 'zh-Hans'?"),
        ("zh_TW", "did you mean 'zh-Hant'?"),
        ("Cantonese", "did you mean 'zh-Hant'?"),
        ("cmn", "did you mean 'zh-Hans' or 'zh-Hant'?"),
        ("pes", "did you mean 'fa'?"),
        ("Farsi", "did you mean 'fa'?"),
        ("fa-AF", "did you mean 'prs'?"),
        ("tgl", "did you mean 'tl' or 'fil'?"),
        ("FIL", "did you mean 'fil'?"),
        ("serbo-croatian", "did you mean 'sr' or 'bs' or 'hr'?"),
        ("Kurdish", "did you mean 'ku' or 'ckb'?"),
        ("es-MX", "did you mean 'es'?"),
        ("zh-Hant-HK", "did you mean 'zh-Hant'?"),
        ("ksw", "did you mean 'kar'?"),
        ("Tiếng Việt", "did you mean 'vi'?"),
        (" Spanish ", "did you mean 'es'?"),
        ("Ukranian", "did you mean 'uk'?"),
        ("", "see docs/languages.md."),
    ],
)
def test_unknown_tags(tag: str, hint: str) -> None:
    with pytest.raises(CampaignError) as caught:
        find_languages(["ko", tag])
    assert str(caught.value) == f"posters.languages: unknown language tag {tag!r}; {hint}"


def test_all_unknown_tags_are_named_at_once() -> None:
    with pytest.raises(CampaignError) as caught:
        find_languages(["Spanish", "vi", "russian", "qq"])
    assert str(caught.value) == (
        "posters.languages: unknown language tags 'Spanish' (did you mean 'es'?), 'russian' (did you mean "
        "'ru'?), 'qq' (not known); see docs/languages.md."
    )


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


def test_largest_languages_where_the_finer_table_tells_them_apart() -> None:
    speakers = {
        "spanish": 900.0,
        "slavic": 100.0,
        "other_asian_pacific": 300.0,
        "other": 70.0,
        "korean": 60.0,
    }
    finer = {
        "spanish": 880.0, "russian": 40.0, "polish": 0.0, "ukrainian_other_slavic": 60.0, "japanese": 80.0,
        "khmer": 75.0, "other_asia": 145.0, "amharic_somali": 65.0, "hebrew": 5.0, "korean": 61.0,
    }  # fmt: skip
    chosen = [language.tag for language in largest_languages(9, speakers, finer)]
    assert chosen == ["es", "ja", "km", "ko", "ru", "he"]
    finer = {"ukrainian_other_slavic": 60.0}
    # a cluster that it does not tell apart is its leading language, as without it
    assert [language.tag for language in largest_languages(9, speakers, finer)] == ["es", "ru", "ko"]


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
    campaign = SimpleNamespace(
        region=SimpleNamespace(measure=measure), certainty=SimpleNamespace(cv_limits=(0.12, 0.40))
    )
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
    return make_plan(read_campaign(SAMPLE, ['languages=["es", "ru", "uk"]', "buses=60", "redraws=0"]))


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
    assert slavic_plan.languages.set_index("language").loc[["ru", "uk"], "lep"].duplicated().tolist() == [
        False,
        True,
    ]


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


def test_first_line_follows_first_line() -> None:
    assert all(b.first_line - a.first_line == 3 for a, b in pairwise(GROUPS.values()))

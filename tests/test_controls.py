"""Language controls and countries of birth: the formats they come in, and what is wrong with them."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.birthplaces import read_birthplaces
from targeting.controls import LAST_LINE, Controls, categories, read_controls, read_pumas
from targeting.errors import TractError
from targeting.languages import GROUPS, catalogue
from targeting.notices import Notices

TIDY = "stcofips,year,langc42,lep_1_is_less_than_very_well,n\n"


def controls(*paths: Path, measure: str = "lep", year: int | None = None) -> tuple[Controls, Notices]:
    notices = Notices()
    return read_controls(paths, measure=measure, notices=notices, year=year), notices


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def whole_line(**counts: float) -> dict[str, str]:
    """Return all 128 lines of B16001: each category (speakers, LEP) as given, else 0."""
    cells = {f"B16001_{line:03d}E": "0" for line in range(1, LAST_LINE + 1)}
    for key, lep in counts.items():
        if key in categories():
            first = categories()[key].first_line
            cells |= {f"B16001_{first:03d}E": str(2 * lep), f"B16001_{first + 2:03d}E": str(lep)}
    cells["B16001_001E"] = str(counts.get("total", 1000))
    cells["B16001_002E"] = str(counts.get("english", 1000 - 2 * sum(counts.values())))
    return cells


# --- the categories ---------------------------------------------------------------------------


def test_categories_are_the_lines_of_the_table() -> None:
    # 42 categories of three lines after the total and English only: 3, 6, ... 126 (and 128 lines)
    assert [category.first_line for category in categories().values()] == list(range(3, 127, 3))
    assert LAST_LINE == 2 + 3 * 42
    assert len({category.code for category in categories().values()}) == 42


def test_key_is_the_groups_own_only_where_the_category_is_the_whole_group() -> None:
    by_group: dict[str, list[str]] = {}
    for key, category in categories().items():
        by_group.setdefault(category.group.key, []).append(key)
    assert list(by_group) != []
    assert set(by_group) == set(GROUPS)
    for group, keys in by_group.items():
        assert keys == [group] if len(keys) == 1 else group not in categories()


def test_every_poster_language_is_in_one_category_of_its_group() -> None:
    tags = [tag for category in categories().values() for tag in category.tags]
    assert sorted(tags) == sorted(catalogue())
    for category in categories().values():
        assert {catalogue()[tag].group for tag in category.tags} <= {category.group}
        assert not category.alone or category.alone in category.tags


def test_categories_agree_with_the_crosswalk(real_data: Path) -> None:
    path = real_data / "acs/psu_langxwalk_lanp_b16001_c16001_c16002.csv"
    with path.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    name = {row["langc42"]: row["lc42label"] for row in rows}
    group = {row["langc42"]: row["lc12label"] for row in rows}
    code = {row["lanp16_label"].lower(): row["langc42"] for row in rows}
    for category in categories().values():
        assert name[category.code] == category.name
        assert group[category.code] == category.group.name
        for tag in category.tags:
            english = catalogue()[tag].english_name.lower()
            assert code.get(english, category.code) == category.code


def test_lines_hold_the_languages_they_should(real_data: Path) -> None:
    # summed over the nation's congressional districts, ACS 2016-2020; orders that no mix-up survives
    table = pd.read_csv(real_data / "acs/acsdt5y2020-b16001.dat", sep="|", dtype={"GEO_ID": str})
    people = table.drop(columns="GEO_ID").sum()
    speakers = {key: people[f"B16001_E{c.first_line:03d}"] for key, c in categories().items()}
    assert sorted(speakers, key=speakers.__getitem__, reverse=True)[:8] == [
        *("spanish", "chinese", "tagalog", "vietnamese", "arabic"),
        *("french_incl_cajun", "korean", "russian"),
    ]
    assert sum(speakers.values()) == people["B16001_E001"] - people["B16001_E002"]


# --- the Bureau's own forms -------------------------------------------------------------------


def test_summary_file_keeps_puma_county_state_and_nation(tmp_path: Path) -> None:
    lines = ["GEO_ID|B16001_E027|B16001_M027|B16001_E029|B16001_M029"]
    lines += [
        "0400000US41|900|90|500|50",
        "0500000US41051|300|-555555555|200|-555555555",
        "7950000US4101314|70|30|40|-333333333",
        "795P200US5311101|80|30|41|20",
        "0100000US|9000|9|5000|5",
        "1400000US41051000100|1|1|1|1",
        "310M700US38900|1|1|1|1",
        "0400043US41|7|7|7|7",
    ]
    found, notices = controls(write(tmp_path / "b16001.dat", "\n".join(lines)))
    assert found.estimates["russian"].to_dict() == {
        "41": 500, "41051": 200, "4101314": 40, "5311101": 41, "US": 5000,
    }  # fmt: skip
    assert found.margins.loc["41", "russian"] == 50
    assert found.margins.loc["41051", "russian"] == 0  # controlled
    assert np.isnan(found.margins.loc["4101314", "russian"])
    assert np.isnan(found.estimates.loc["41", "polish"])  # not in the file
    assert not len(notices)
    speakers, _ = controls(tmp_path / "b16001.dat", measure="speakers")
    assert speakers.estimates.loc["41", "russian"] == 900


def test_summary_file_of_other_areas_only(real_data: Path) -> None:
    path = real_data / "acs/acsdt5y2020-b16001.dat"
    with pytest.raises(TractError, match=r"no PUMA, county or state among its 440 rows \(the first is 500"):
        controls(path)


@pytest.mark.parametrize(
    ("names", "row", "area"),
    [
        (["state", "county"], ["41", "051"], "41051"),
        (["state"], ["41"], "41"),
        (["state", "public use microdata area"], ["41", "01314"], "4101314"),
        (["us"], ["1"], "US"),
        (["GEO_ID"], ["0500000US41051"], "41051"),
        (["GEOID"], ["41051"], "41051"),
    ],
)
def test_api_rows(tmp_path: Path, names: list[str], row: list[str], area: str) -> None:
    content = [["B16001_029E", "B16001_029M", *names], ["200", "31", *row]]
    path = write(tmp_path / "b16001.json", json.dumps(content))
    text = "\n".join(",".join(line) for line in content)
    for found, _ in (controls(path), controls(write(tmp_path / "b16001.csv", text))):
        assert found.estimates["russian"].to_dict() == {area: 200}
        assert found.margins["russian"].to_dict() == {area: 31}
        assert found.vintages.keys() == {area}


def test_table_before_2016_is_refused(tmp_path: Path) -> None:
    names = ",".join(f"B16001_{line:03d}E" for line in range(1, 120))
    with pytest.raises(TractError, match="before the 2012-2016 release"):
        controls(write(tmp_path / "old.csv", f"GEOID,{names}\n41,{','.join(['1'] * 119)}\n"))


def test_zeros_of_an_area_that_does_not_add_up_are_missing(tmp_path: Path) -> None:
    # 300 speak another language in both; in 41051 the languages shown are 2 · 100 of them
    table = pd.DataFrame(
        [
            whole_line(russian=100, polish=50, total=1000, english=700) | {"GEOID": "41067"},
            whole_line(russian=100, total=1000, english=700) | {"GEOID": "41051"},
        ]
    )
    path = tmp_path / "b16001.csv"
    table.to_csv(path, index=False)
    found, notices = controls(path)
    assert found.estimates.loc["41067", ["polish", "serbo_croatian"]].tolist() == [50, 0]
    assert found.estimates.loc["41051"].isna().sum() == 41
    assert [(n.code, n.count) for n in notices] == [("suppressed_control", 1)]


# --- the tidy form ----------------------------------------------------------------------------


def test_tidy_takes_the_latest_year_of_each_area_or_the_one_asked(tmp_path: Path) -> None:
    rows = [
        "41,2022,rus,0,60",
        "41,2022,rus,1,40",
        "41,2019,rus,1,30",
        "41051,2019,rus,0,5",
        "41051,2019,rus,1,9",
    ]
    path = write(tmp_path / "tidy.csv", TIDY + "\n".join(rows))
    found, _ = controls(path)
    assert found.estimates["russian"].to_dict() == {"41": 40, "41051": 9}
    assert found.vintages == {"41": "tidy.csv (2022)", "41051": "tidy.csv (2019)"}
    assert found.margins.isna().all(axis=None)
    assert controls(path, year=2019)[0].estimates["russian"].to_dict() == {"41": 30, "41051": 9}
    assert controls(path, measure="speakers")[0].estimates["russian"].to_dict() == {
        "41": 100,
        "41051": 14,
    }
    with pytest.raises(TractError, match="holds no year 2018, only 2019 to 2022"):
        controls(path, year=2018)


def test_tidy_zero_without_a_speaker_is_suppressed_where_the_state_has_some(tmp_path: Path) -> None:
    rows = [
        *(
            "41,2022,pol,0,60",
            "41,2022,pol,1,40",
            "41,2022,rus,0,1",
            "41,2022,rus,1,9",
            "41,2022,hai,0,0",
            "41,2022,hai,1,0",
        ),
        *("41051,2022,pol,0,0", "41051,2022,pol,1,0"),  # nobody at all: suppressed
        *("41051,2022,rus,0,7", "41051,2022,rus,1,0"),  # speakers, none of them LEP: a zero
        *("41051,2022,hai,0,0", "41051,2022,hai,1,0"),  # none in the state either: a zero
    ]
    found, notices = controls(write(tmp_path / "tidy.csv", TIDY + "\n".join(rows)))
    county = found.estimates.loc["41051"]
    assert np.isnan(county["polish"])
    assert county[["russian", "haitian"]].tolist() == [0, 0]
    assert [(n.code, n.count) for n in notices] == [("suppressed_control", 1)]
    assert "Polish in 41051" in next(iter(notices)).message


def test_portland_controls(real_data: Path) -> None:
    path = real_data / "acs/oregon_B16001_42lang_state_multnomah_washington_2016_2024.csv"
    found, notices = controls(path)
    assert list(found.estimates.index) == ["41", "41051", "41067"]
    assert list(found.estimates.columns) == list(categories())
    assert found.estimates["russian"].tolist() == [7701, 2610, 466]
    assert [y[-6:] for y in found.vintages.values()] == ["(2024)", "(2023)", "(2024)"]
    # no speaker in the county's year though the state has some
    missing = found.estimates.isna()
    assert list(missing.columns[missing.loc["41051"]]) == [
        "gujarati", "punjabi", "west_african", "navajo", "other_native_american",
    ]  # fmt: skip
    assert list(missing.columns[missing.loc["41067"]]) == ["haitian", "navajo", "other_native_american"]
    assert [n.count for n in notices] == [8]
    assert sorted(controls(path, year=2018)[0].estimates.index) == ["41", "41067"]


# --- what is wrong with a file ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", TIDY + "41,2022,rus,1,many\n", "column n, row 2: 'many' is no count of people"),
        (
            "a.csv",
            TIDY + "41,2022,rus,1,5\n41,2022,xyz,1,5\n",
            "column langc42, row 3: 'xyz' is not known",
        ),
        ("a.csv", TIDY + "41,2022,rus,2,5\n", "column lep_1_is_less_than_very_well, row 2: '2'"),
        (
            "a.csv",
            TIDY + "41,2022,rus,1,5\n41,2022,rus,1,6\n",
            "row 3 repeats an area, year and language",
        ),
        ("a.csv", TIDY + "Oregon,2022,rus,1,5\n", "column stcofips, row 2: 'Oregon'"),
        ("a.csv", TIDY, "holds no rows"),
        ("a.csv", "GEOID,B16001_029E\n41,-7\n", "column B16001_029E, row 2: '-7' is no count of people"),
        ("a.csv", "GEOID,B16001_029E\n41,5\n41,5\n", "area 41 stands in two rows"),
        ("a.csv", "NAME,B16001_029E\nOregon,5\n", "has no GEOID column"),
        ("a.csv", "GEOID,C16001_005E\n41,5\n", "has no column of table B16001 for measure = 'lep'"),
        ("a.json", '{"error": 1}', "is not the Census API's JSON"),
        ("a.json", "<html>Missing Key</html>", "is a web page"),
    ],
)
def test_unusable_controls(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(TractError) as caught:
        controls(write(tmp_path / name, text))
    assert str(caught.value).startswith(f"{name}: ")
    assert said in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TractError, match=r"no such file; check region\.controls"):
        controls(tmp_path / "none.csv")


# --- countries of birth, PUMAs ----------------------------------------------------------------


def test_birthplaces_long(tmp_path: Path) -> None:
    text = "GEOID,variable,estimate,moe\n" + "\n".join(
        [
            "41051000100,total,900,9",
            "41051000100,Burma (Karen),7,9",
            "41051000100,Ukraine,3,9",
            "41051000200,Ukraine,,9",
        ]
    )
    notices = Notices()
    found = read_birthplaces(write(tmp_path / "born.csv", text), notices)
    assert list(found.columns) == ["burma", "ukraine"]
    assert found.loc["41051000100"].tolist() == [7, 3]
    assert [(n.code, n.count) for n in notices] == [("no_birthplace", 1)]


def test_birthplaces_with_a_row_of_labels(tmp_path: Path) -> None:
    # as data.census.gov gives it: codes, then labels; numbers differ by vintage, labels do not
    text = (
        "GEO_ID,NAME,B05006_001E,B05006_001M,B05006_048E,B05006_044E\n"
        "Geography,Geographic Area Name,Estimate!!Total:,Margin of Error!!Total:,"
        "Estimate!!Total:!!Asia:!!Eastern Asia:,Estimate!!Total:!!Europe:!!Eastern Europe:!!Ukraine\n"
        '1400000US41051000100,"Census Tract 1",50,9,20,3\n'
    )
    found = read_birthplaces(write(tmp_path / "born.csv", text), Notices())
    assert found.to_dict() == {"ukraine": {"41051000100": 3}}
    broken = text.replace(",3\n", ",x\n")
    with pytest.raises(TractError, match="column B05006_044E, row 3: 'x'"):
        read_birthplaces(write(tmp_path / "born.csv", broken), Notices())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("GEO_ID,B05006_044E\n1400000US41051000100,3\n", "cannot tell the countries of birth"),
        ("GEOID,variable,estimate\n41051,Ukraine,3\n", "'41051' is no 11-digit tract GEOID"),
        ("GEOID,variable,estimate\n41051000100,Peru,3\n", "names no country that points to a language"),
        (
            "GEOID,variable,estimate\n41051000100,Ukraine,3\n41051000100,Ukraine,4\n",
            "row 3: Ukraine of tract",
        ),
        ("GEOID,variable,estimate\n41051000100,Ukraine,few\n", "column estimate, row 2: 'few'"),
    ],
)
def test_unusable_birthplaces(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TractError) as caught:
        read_birthplaces(write(tmp_path / "born.csv", text), Notices())
    assert said in str(caught.value)


def test_portland_birthplaces(real_data: Path) -> None:
    path = real_data / "acs/portland_msa_acs5_2019_B05006_birthplace_tract_long.csv"
    found = read_birthplaces(path, Notices())
    assert found.shape[1] == 13  # of 14 countries; Hong Kong points to no category that is split
    assert {"ukraine", "russia", "burma", "micronesia"} <= set(found.columns)
    assert found.loc["41051010410", "laos"] == 15


def test_pumas(tmp_path: Path) -> None:
    text = "STATEFP,COUNTYFP,TRACTCE,PUMA5CE\n41,051,000100,01314\n1,3,000200,2\n"
    found = read_pumas(write(tmp_path / "pumas.txt", text))
    assert found.to_dict() == {"41051000100": "4101314", "01003000200": "0100002"}
    with pytest.raises(TractError, match="lacks column PUMA5CE"):
        read_pumas(write(tmp_path / "pumas.txt", text.replace("PUMA5CE", "PUMA")))

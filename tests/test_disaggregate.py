"""Groups split into languages: margins kept, planted splits found, uncertainty by hand."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting import moe
from targeting.birthplaces import read_birthplaces
from targeting.census_tables import read_census
from targeting.controls import Controls, categories, read_controls
from targeting.disaggregate import (
    Split,
    enclosing_areas,
    fit,
    named,
    split_groups,
)
from targeting.languages import catalogue
from targeting.notices import Notices
from targeting.served import margins_of_sums

SLAVIC = ["russian", "polish", "serbo_croatian", "ukrainian_other_slavic"]


def controls(margin: float = np.nan, **areas: dict[str, float]) -> Controls:
    """Return controls of areas given as a41={"russian": 30, ...}; a category not named has none."""
    people = pd.DataFrame({name[1:]: counts for name, counts in areas.items()}).T
    people = people.reindex(columns=list(categories())).astype(float)
    return Controls(people, people.where(people.isna(), margin), {})


def slavic(*counts: float) -> dict[str, float]:
    return dict(zip(SLAVIC, counts, strict=True))


def split(
    people: dict[str, float],
    control: Controls,
    *,
    moes: dict[str, float] | None = None,
    notices: Notices | None = None,
    **settings: object,
) -> Split:
    """Split the Slavic group of tracts {GEOID: people}, margins 12 where not given."""
    estimates = pd.DataFrame({"slavic": people}, dtype=float)
    margins = pd.DataFrame({"slavic": {tract: (moes or {}).get(tract, 12.0) for tract in people}})
    return split_groups(
        estimates,
        margins,
        areas=enclosing_areas(estimates.index),
        controls=control,
        notices=Notices() if notices is None else notices,
        **settings,  # type: ignore[arg-type]
    )


A, B, C, D = "41051000100", "41051000200", "41005000100", "53011000100"


# --- the fitting ------------------------------------------------------------------------------


def test_two_by_two_by_hand() -> None:
    # seed odds ratio (3 · 1) / (1 · 1) = 3 kept; rows 40, 60, columns 50, 50:
    # x(10 + x) = 3 (40 - x)(50 - x), 2x² - 280x + 6000 = 0, x = 70 - sqrt(1900)
    x = 70 - math.sqrt(1900)
    fitted = fit(np.array([[3.0, 1.0], [1.0, 1.0]]), np.array([40.0, 60.0]), np.array([50.0, 50.0]))
    assert fitted == pytest.approx(np.array([[x, 40 - x], [50 - x, 10 + x]]))


def test_flat_seed_is_independence() -> None:
    fitted = fit(np.ones((2, 2)), np.array([40.0, 60.0]), np.array([75.0, 25.0]))
    assert fitted == pytest.approx(np.array([[30, 10], [45, 15]]))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_margins_hold_and_odds_ratios_are_the_seeds(number: int) -> None:
    random = np.random.default_rng(number)
    rows, columns = random.integers(2, 30), random.integers(2, 9)
    seed = random.gamma(0.4, 1, (rows, columns)) + 1e-3
    people = random.poisson(30, rows) * (random.random(rows) < 0.6) * 1.0
    totals = random.dirichlet(np.ones(columns)) * (random.random(columns) < 0.8)
    if not totals.any():
        totals[0] = 1
    totals *= people.sum() / totals.sum()
    fitted = fit(seed, people, totals)
    assert np.abs(fitted.sum(axis=1) - people).max() < 1e-6
    assert np.abs(fitted.sum(axis=0) - totals).max() < 1e-6
    assert (fitted >= 0).all()
    part = np.ix_(people > 0, totals > 1e-6)
    if min(fitted[part].shape) > 1:
        interaction = np.log(fitted[part] / seed[part])
        interaction -= interaction[:1]
        assert interaction == pytest.approx(np.tile(interaction[:, :1], (1, interaction.shape[1])), abs=1e-6)


def test_truth_as_seed_comes_back_whatever_its_rows_and_columns_are_multiplied_by() -> None:
    random = np.random.default_rng(1)
    truth = random.gamma(1, 20, (50, 6))
    seed = truth * random.random((50, 1)) * random.random((1, 6)) * 9
    assert fit(seed, truth.sum(axis=1), truth.sum(axis=0)) == pytest.approx(truth, abs=1e-5)


def test_order_does_not_matter() -> None:
    random = np.random.default_rng(2)
    seed, people = random.random((20, 5)), random.random(20) * 9
    totals = random.dirichlet(np.ones(5)) * people.sum()
    rows, columns = random.permutation(20), random.permutation(5)
    turned = fit(seed[np.ix_(rows, columns)], people[rows], totals[columns])
    assert turned == pytest.approx(fit(seed, people, totals)[np.ix_(rows, columns)], abs=1e-6)


def test_impossible_margins_are_refused() -> None:
    with pytest.raises(ValueError, match="rows sum to 3"):
        fit(np.ones((2, 2)), np.array([1.0, 2.0]), np.array([2.0, 2.0]))
    with pytest.raises(ValueError, match="no fit"):
        fit(np.eye(2), np.array([1.0, 3.0]), np.array([2.0, 2.0]), rounds=50)


# --- splitting --------------------------------------------------------------------------------


def test_control_proportions_are_applied_to_the_tracts_own_people() -> None:
    # the control's 1000 people are 60 / 10 / 10 / 20 %; the tracts hold 150, and one of them nobody
    found = split({A: 100, B: 0, C: 50}, controls(a41=slavic(600, 100, 100, 200)))
    assert list(found.estimates.columns) == SLAVIC
    assert found.estimates.loc[A].tolist() == pytest.approx([60, 10, 10, 20])
    assert found.estimates.loc[C].tolist() == pytest.approx([30, 5, 5, 10])
    assert found.estimates.loc[B].tolist() == [0, 0, 0, 0]
    assert set(found.control_area["slavic"]) == {"41"}


def test_nearest_area_wins() -> None:
    both = controls(a41=slavic(600, 100, 100, 200), a41051=slavic(0, 0, 0, 7), a4100001=slavic(0, 5, 0, 0))
    found = split({A: 100, C: 50}, both)
    assert found.control_area["slavic"].to_dict() == {A: "41051", C: "41"}
    assert found.estimates.loc[A].tolist() == [0, 0, 0, 100]
    assert found.estimates.loc[C, "russian"] == pytest.approx(30)
    areas = enclosing_areas(pd.Index([A, C]), pd.Series({A: "4100001"}))
    assert areas[A] == ("4100001", "41051", "41", "US")
    assert areas[C] == ("41005", "41", "US")
    table = pd.DataFrame({"slavic": {A: 100.0, C: 50.0}})
    nearer = split_groups(table, table, areas=areas, controls=both, notices=Notices())
    assert nearer.estimates.loc[A, "polish"] == 100
    nation = controls(aUS=slavic(1, 1, 1, 1))
    assert split({D: 8}, nation).estimates.loc[D].tolist() == [2, 2, 2, 2]


def test_missing_category_takes_the_share_of_the_next_area() -> None:
    # Polish is 10 % of the state's group; the county's others share the other 90 % as 1 : 0 : 2
    gap = controls(a41051=slavic(100, math.nan, 0, 200), a41=slavic(600, 100, 100, 200))
    found = split({A: 1000}, gap)
    assert found.estimates.loc[A].tolist() == pytest.approx([300, 100, 0, 600])
    # a county without any people of the group is no control
    empty = controls(a41051=slavic(0, 0, 0, 0), a41=slavic(600, 100, 100, 200))
    assert split({A: 10}, empty).control_area.loc[A, "slavic"] == "41"


def test_group_without_control_stays_a_group() -> None:
    notices = Notices()
    none = split({A: 100}, controls(a53=slavic(1, 1, 1, 1)), notices=notices)
    assert none.estimates.to_dict() == {"slavic": {A: 100}}
    assert none.margins.to_dict() == {"slavic": {A: 12}}
    assert none.control_area.loc[A, "slavic"] == ""
    assert [n.code for n in notices] == ["group_not_split"]
    # a control that lacks a language altogether would count it as nobody: no control either
    assert list(split({A: 9}, controls(a41=slavic(1, math.nan, 1, 1))).estimates) == ["slavic"]


def test_tracts_without_control_keep_the_group_beside_its_languages() -> None:
    notices = Notices()
    found = split({A: 100, D: 40}, controls(a41=slavic(1, 0, 0, 1)), notices=notices)
    assert list(found.estimates.columns) == [*SLAVIC, "slavic"]
    assert found.estimates.loc[D].tolist() == [0, 0, 0, 0, 40]
    assert found.estimates.loc[A].tolist() == [50, 0, 0, 50, 0]
    assert found.margins.loc[A].tolist() == [6, 0, 0, 6, 0]
    assert found.margins.loc[D].tolist() == [0, 0, 0, 0, 12]
    assert found.estimates.sum(axis=1).to_dict() == {A: 100, D: 40}
    notice = next(n for n in notices if n.code == "group_not_split")
    assert (notice.count, notice.severity) == (1, "warning")
    assert "1 of 2 tracts" in notice.message
    assert "40 people" in notice.message


def test_group_of_one_language_is_unchanged_and_groups_can_be_chosen() -> None:
    estimates = pd.DataFrame({"korean": {A: 7.0}, "slavic": {A: 9.0}, "german": {A: 4.0}})
    found = split_groups(
        estimates,
        estimates / 2,
        areas=enclosing_areas(estimates.index),
        controls=controls(
            a41=slavic(1, 0, 0, 2) | {"korean": 5, "german_incl_swiss": 1, "other_west_germanic": 1}
        ),
        notices=Notices(),
        groups=["korean", "slavic"],
    )
    assert list(found.estimates.columns) == ["korean", *SLAVIC, "german"]
    assert found.estimates.loc[A, ["korean", "german", "russian"]].tolist() == pytest.approx([7, 4, 3])
    assert found.margins.loc[A, ["korean", "german"]].tolist() == [3.5, 2]
    assert found.split_margins.loc[A, ["korean", "german"]].tolist() == [0, 0]


# --- seeds ------------------------------------------------------------------------------------


def planted(tracts: int = 200) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return a true split that clusters, births from two countries for each language, the groups."""
    random = np.random.default_rng(3)
    geoids = pd.Index([f"4105100{n:04d}" for n in range(tracts)])
    truth = pd.DataFrame(random.gamma(0.5, 60, (tracts, 4)) + 0.5, index=geoids, columns=SLAVIC)
    births = pd.DataFrame(
        {
            "russia": truth["russian"] * 0.7,
            "poland": truth["polish"] * 0.4,
            "serbia": truth["serbo_croatian"] * 0.5,
            "ukraine": truth["ukrainian_other_slavic"] * 0.0,
            "bulgaria": truth["ukrainian_other_slavic"] * 0.2,
        }
    )
    return truth, births, truth.sum(axis=1)


def test_planted_split_is_recovered() -> None:
    truth, births, people = planted()
    control = controls(a41=truth.sum().to_dict())
    exact = split(people.to_dict(), control, seeds=births, spread=1e-9).estimates
    assert np.abs(exact - truth).max(axis=None) < 1e-4
    # as shipped, a tenth of the seed is as the group is spread: nearly the truth, margins exact
    near = split(people.to_dict(), control, seeds=births).estimates
    plain = split(people.to_dict(), control).estimates
    assert (near - truth).abs().sum(axis=None) < 0.15 * (plain - truth).abs().sum(axis=None)
    assert np.abs(near.sum() - truth.sum()).max() < 1e-6
    assert np.abs(near.sum(axis=1) - people).max() < 1e-6


def test_no_births_rule_nobody_out() -> None:
    # tract A has no births of Poland, B all of them: Polish people are likelier in B, not only there
    births = pd.DataFrame({"poland": {A: 0.0, B: 50.0}, "russia": {A: 10.0, B: 10.0}})
    found = split({A: 100, B: 100}, controls(a41=slavic(50, 50, 0, 0)), seeds=births).estimates
    assert 0 < found.loc[A, "polish"] < 20
    assert found.loc[B, "polish"] == pytest.approx(100 - found.loc[A, "polish"])


def test_seeds_without_the_tract_or_the_country_are_as_the_group() -> None:
    control = controls(a41=slavic(60, 10, 10, 20))
    plain = split({A: 100, B: 30}, control).estimates
    for births in (
        pd.DataFrame({"japan": {A: 5.0, B: 0.0}}),
        pd.DataFrame({"russia": {C: 5.0}}),
        pd.DataFrame({"russia": {A: 50.0}}),  # B, not in the table, is as the group, not without births
        pd.DataFrame({"russia": {A: 0.0, B: 0.0}}),
    ):
        found = split({A: 100, B: 30}, control, seeds=births).estimates
        assert found.to_numpy() == pytest.approx(plain.to_numpy())


# --- margins ----------------------------------------------------------------------------------


def test_margins_by_hand() -> None:
    # control: 300 ± 30 Russian, 100 ± 30 Polish of 400 ± sqrt(30² + 30² + 30²): the zeros count once
    control = controls(margin=30, a41=slavic(300, 100, 0, 0))
    found = split({A: 80, B: 0}, control, moes={A: 40, B: 12})
    assert found.margins.loc[A].tolist() == pytest.approx([30, 10, 0, 0])
    # nobody in B: the group's margin of 12 in the control's proportions
    assert found.margins.loc[B].tolist() == pytest.approx([9, 3, 0, 0])
    # p = 0.75: 900 - 0.5625 · 2700 < 0, so +: sqrt(2418.75) / 400; Polish: 900 - 0.0625 · 2700
    russian, polish = math.sqrt(2418.75) / 400, math.sqrt(731.25) / 400
    assert found.split_margins.loc[A, ["russian", "polish"]].tolist() == pytest.approx(
        [80 * russian, 80 * polish]
    )
    assert found.split_margins.loc[A, "serbo_croatian"] == pytest.approx(80 * 30 / 400)
    assert found.split_margins.loc[B].tolist() == [0, 0, 0, 0]


def margins_of(weights: np.ndarray, found: Split) -> np.ndarray:
    group_of = {key: category.group.key for key, category in categories().items()}
    areas = {key: found.control_area[group_of.get(key, key)] for key in found.estimates}
    tracts = SimpleNamespace(
        estimates=found.estimates,
        margins=found.margins,
        split_margins=found.split_margins,
        split_areas=pd.DataFrame(areas),
    )
    return margins_of_sums(weights, tracts, list(found.estimates))  # type: ignore[arg-type]


def test_split_margins_add_up_linearly_within_an_area_and_by_squares_between() -> None:
    control = controls(margin=30, a41051=slavic(300, 100, 0, 0), a41005=slavic(200, 200, 0, 0))
    found = split({A: 80, B: 40, C: 100}, control, moes={A: 40, B: 20, C: 50})
    weights = np.array([[1.0, 0.5, 0.0], [1.0, 1.0, 1.0]])
    result = margins_of(weights, found)
    polish = math.sqrt(731.25) / 400
    sampling = math.sqrt(10**2 + (0.5 * 5) ** 2)
    assert result[0, 1] == pytest.approx(math.hypot(sampling, (80 + 20) * polish))
    own = found.split_margins["polish"]
    three = math.sqrt(10**2 + 5**2 + 25**2 + (own[A] + own[B]) ** 2 + own[C] ** 2)
    assert result[1, 1] == pytest.approx(three)


def test_control_without_margins_is_said() -> None:
    notices = Notices()
    found = split({A: 80}, controls(a41=slavic(3, 1, 0, 0)), notices=notices)
    assert (found.split_margins == 0).all(axis=None)
    assert [n.code for n in notices] == ["control_without_margin"]
    expected = moe.of_weighted_sums(np.ones((1, 1)), found.estimates.to_numpy(), found.margins.to_numpy())
    assert margins_of(np.ones((1, 1)), found) == pytest.approx(expected)


# --- what posters may claim -------------------------------------------------------------------


def test_languages_are_named_by_what_measures_them() -> None:
    done = split({A: 80}, controls(a41=slavic(3, 1, 1, 2)))
    left = split({A: 80}, controls())
    said = {tag: named(catalogue()[tag], done) for tag in ("ru", "uk", "vi")}
    assert {tag: (language.column, language.measured_as) for tag, language in said.items()} == {
        "ru": ("russian", "Russian"),
        "uk": ("ukrainian_other_slavic", "Ukrainian or other Slavic languages"),
        "vi": ("vietnamese", "Vietnamese"),
    }
    russian = named(catalogue()["ru"], left)
    assert (russian.column, russian.measured_as) == ("slavic", "Russian, Polish, or other Slavic languages")


# --- Portland ---------------------------------------------------------------------------------


def test_portland(real_data: Path) -> None:
    notices, folder = Notices(), real_data / "acs"
    tracts = read_census(
        [folder / "portland_msa_acs5_2019_C16001_lep_tract_wide.csv"], measure="lep", notices=notices
    )
    births = read_birthplaces(folder / "portland_msa_acs5_2019_B05006_birthplace_tract_long.csv", notices)
    tables = [folder / "oregon_B16001_42lang_state_multnomah_washington_2016_2024.csv"]
    control = read_controls(tables, measure="lep", notices=notices)
    found = split_groups(
        tracts.estimates,
        tracts.margins,
        areas=enclosing_areas(tracts.estimates.index),
        controls=control,
        seeds=births,
        notices=notices,
    )
    county = found.estimates.index.str[:5]
    assert found.control_area["slavic"].groupby(county).unique().map(list).to_dict() == {
        "41005": ["41"], "41009": ["41"], "41051": ["41051"], "41067": ["41067"], "41071": ["41"],
        "53011": [""], "53059": [""],
    }  # fmt: skip
    for group in tracts.estimates:
        parts = [key for key, category in categories().items() if category.group.key == group]
        columns = [key for key in {*parts, group} if key in found.estimates]
        off = found.estimates[columns].sum(axis=1) - tracts.estimates[group]
        assert off.abs().max() < 1e-6
        for area in set(found.control_area[group]) - {""}:
            inside = found.control_area[group] == area
            total = tracts.estimates.loc[inside, group].sum()
            people = control.estimates.loc[area, parts]
            if people.notna().all():  # gaps are filled from the state: tested above
                wanted = people / people.sum() * total
                assert (found.estimates.loc[inside, parts].sum() - wanted).abs().max() < 1e-6
    # the county's own: 2,610 of 4,195 Slavic in Multnomah in 2023, applied to 6,665 in 2015-2019
    multnomah = found.estimates[county == "41051"].sum()
    assert multnomah["russian"] == pytest.approx(6665 * 2610 / 4195, abs=1e-6)
    three = np.isin(county, ["41005", "41051", "41067"])
    margins = margins_of(three[None, :].astype(float), found)[0]
    table = pd.DataFrame({"tri_county": found.estimates[three].sum(), "moe": margins})
    table = table.join(control.estimates.T).round().rename_axis("language")
    shown = table.loc[["russian", "ukrainian_other_slavic", "hmong", "amharic_somali"], "tri_county"]
    assert shown.tolist() == [5742, 3111, 1821, 2364]  # the table of docs/named-languages.md
    assert table.loc[SLAVIC, "tri_county"].sum() == pytest.approx(9762, abs=3)

"""Hot spots: a case worked by hand, the statistic against esda and its formula, and real Portland."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from targeting.errors import OutputError
from targeting.hotspots import (
    MEASURES,
    TESTS,
    HotspotRule,
    find_hotspots,
    hot_table,
    hotspot_rows,
    hotspot_summary,
    hotspots_of,
)
from targeting.languages import find_languages
from targeting.notices import Notices
from targeting.tracts import Tracts, read_tracts
from targeting.write.gis import hotspots_gpkg

ROOT = Path(__file__).parent.parent
CITY = HotspotRule()
GI = [f"gi_{measure}_{around}" for measure, around in TESTS]
HOT = [f"hot_{measure}_{around}" for measure, around in TESTS]

# Nine tracts of 1,000 people on one square mile each, their centroids 1,000 m apart:
#     7:  0   8:  0   9: 0
#     4: 30   5: 15   6: 0
#     1: 60   2: 30   3: 0
# Mean x̄ = 135/9 = 15. Variance = (60² + 2·30² + 15²)/9 − 15² = 625 − 225 = 400, so s = 20.
# z = (Σ − W·15) / (20·√((9W − W²)/8)), with Σ the sum over the W tracts of the neighbourhood.
NINE = [f"4105100{number}00" for number in range(1, 10)]
PEOPLE = [60, 30, 0, 30, 15, 0, 0, 0, 0]
NINE_XY = np.array([[x, y] for y in (0.0, 1000.0, 2000.0) for x in (0.0, 1000.0, 2000.0)])
# Five nearest and itself: W = 6, 20·√((54 − 36)/8) = 30, z = (Σ − 90)/30. A corner's nearest are the
# two beside it, the centre, the two corners in line; an edge's are the three beside it and the two
# aslant; the centre's are the four beside it and, of four corners equally far, that of the lowest
# GEOID, tract 1.
#   1: 60+30+30+15+0+0 = 135 →  1.5    2: 30+60+0+15+30+0 = 135 → 1.5    3: 0+30+0+15+60+0 = 105 → 0.5
#   4: as 2               →  1.5    5: 15+30+30+0+0+60 = 135 → 1.5    6: 0+0+15+0+30+0  =  45 → −1.5
#   7: as 3               →  0.5    8: as 6               → −1.5    9: 0+0+0+15+0+0   =  15 → −2.5
NEAREST = [1.5, 1.5, 0.5, 1.5, 1.5, -1.5, 0.5, -1.5, -2.5]
# Band of 1,000 m: those beside it and itself.
#   corners W = 3, 20·√(18/8) = 30:      1: 120 − 45 = 75 → 2.5      3, 7: 30 − 45 → −0.5
#                                        9: 0 − 45 → −1.5
#   edges W = 4, 20·√(20/8) = 20·√2.5:   2, 4: 105 − 60 = 45 → 45/(20·√2.5) = 1.42302…
#                                        6, 8: 15 − 60 → −1.42302…
#   centre W = 5:                        5: 75 − 75 → 0
EDGE = 45 / (20 * np.sqrt(2.5))
BAND = [2.5, EDGE, -0.5, EDGE, 0.0, -EDGE, -0.5, -EDGE, -1.5]
NINE_RULE = replace(CITY, band_m=1000.0)


def spots(
    people: list[float] | np.ndarray,
    xy: np.ndarray,
    rule: HotspotRule = CITY,
    *,
    geoids: list[str] | None = None,
    population: float | list[float] = 1000.0,
    area: float | list[float] = 1.0,
) -> pd.DataFrame:
    index = pd.Index(geoids or [f"{number:011d}" for number in range(len(people))], name="GEOID")
    return find_hotspots(
        pd.Series(people, index=index, dtype=float),
        pd.Series(population, index=index, dtype=float),
        pd.Series(area, index=index, dtype=float),
        xy,
        rule,
    )


def textbook(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Gi* of Ord and Getis (1995), equation 14*, for any weights, self included."""
    n, mean = len(x), x.mean()
    s = np.sqrt((x**2).mean() - mean**2)
    total, squares = weights.sum(axis=1), (weights**2).sum(axis=1)
    return (weights @ x - total * mean) / (s * np.sqrt((n * squares - total**2) / (n - 1)))


def brute_weights(xy: np.ndarray, rule: HotspotRule) -> dict[str, np.ndarray]:
    """Dense 0/1 weights from all pairs, no tree."""
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    nearest = np.zeros_like(distance)
    order = np.argsort(distance + np.diag(np.full(len(xy), -1.0)), axis=1, kind="stable")
    np.put_along_axis(nearest, order[:, : rule.nearest + 1], 1.0, axis=1)
    return {"nearest": nearest, "band": (distance <= rule.band_m).astype(float)}


def scattered(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    people = np.round(random.gamma(0.5, 60, count))
    return np.where(random.random(count) < 0.4, 0, people), random.uniform(0, 9000, (count, 2))


def test_nine_tracts_worked_by_hand() -> None:
    found = spots(PEOPLE, NINE_XY, NINE_RULE, geoids=NINE)
    for measure in MEASURES:  # equal populations and areas: share and density are the estimate scaled
        np.testing.assert_allclose(found[f"gi_{measure}_nearest"], NEAREST, atol=1e-9)
        np.testing.assert_allclose(found[f"gi_{measure}_band"], BAND, atol=1e-9)
    # share 0.06 is above the median of 0.015, 0.03, 0.03, 0.06 and 60 > 40 to the square mile
    assert found["why"].tolist() == [
        "estimate (Gi* band), share (Gi* band, dense), density (Gi* band)",
        *[""] * 8,
    ]
    assert found.loc[NINE[0], HOT].to_dict() == {
        "hot_estimate_nearest": False,
        "hot_estimate_band": True,
        "hot_share_nearest": True,
        "hot_share_band": True,
        "hot_density_nearest": False,
        "hot_density_band": True,
    }
    assert found["hot"].tolist() == [True, *[False] * 8]


def test_of_tracts_equally_near_the_lower_geoid_counts() -> None:
    found = spots(PEOPLE, NINE_XY, NINE_RULE, geoids=NINE[::-1])
    # now the centre's fifth is the corner with nobody: 15+30+30 = 75, (75 − 90)/30
    assert found["gi_estimate_nearest"].iloc[4] == pytest.approx(-0.5)
    shaken = NINE_XY + np.array([[1e-5 * (number % 3), 0.0] for number in range(9)])
    again = spots(PEOPLE, shaken, NINE_RULE, geoids=NINE)  # less than a millimetre changes nothing
    np.testing.assert_allclose(again["gi_estimate_nearest"], NEAREST, atol=1e-9)
    np.testing.assert_allclose(again["gi_estimate_band"], BAND, atol=1e-9)


def test_statistic_is_that_of_esda_called_directly() -> None:
    from esda import G_Local  # slow to load
    from libpysal.weights import KNN, DistanceBand, fill_diagonal

    people, xy = scattered()
    found = spots(people, xy)
    for name, weights in {
        "nearest": KNN.from_array(xy, k=5),
        "band": DistanceBand(xy, threshold=1600, binary=True, silence_warnings=True),
    }.items():
        direct = G_Local(people, fill_diagonal(weights, 1), transform="B", permutations=0, star=True)
        np.testing.assert_allclose(found[f"gi_estimate_{name}"], direct.Zs, rtol=1e-9)


def test_statistic_is_that_of_the_formula_whatever_the_scale_of_the_weights() -> None:
    people, xy = scattered()
    found = spots(people, xy)
    for name, weights in brute_weights(xy, CITY).items():
        np.testing.assert_allclose(found[f"gi_estimate_{name}"], textbook(people, weights), rtol=1e-9)
        by_row = weights / weights.sum(axis=1, keepdims=True)  # the City's weights
        np.testing.assert_allclose(found[f"gi_estimate_{name}"], textbook(people, by_row), rtol=1e-9)


def test_measures_are_people_share_and_density() -> None:
    people, xy = scattered()
    random = np.random.default_rng(8)
    population, area = random.uniform(500, 8000, 60), random.uniform(0.1, 40, 60)
    found = spots(people, xy, population=list(population), area=list(area))
    for name, weights in brute_weights(xy, CITY).items():
        for measure, x in {"share": people / population, "density": people / area}.items():
            np.testing.assert_allclose(found[f"gi_{measure}_{name}"], textbook(x, weights), rtol=1e-9)
    density = people / area
    dense = (people > np.median(people[people > 0])) & (density > 85)
    assert found["dense_estimate"].tolist() == dense.tolist()
    share = people / population
    dense = (share > np.median(share[people > 0])) & (density > 40)
    assert found["dense_share"].tolist() == dense.tolist()
    dense = (density > np.median(density[people > 0])) & (density > 85)
    assert found["dense_density"].tolist() == dense.tolist()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"z": 2.51}, "share (dense)"),
        ({"z": 2.49, "dense_share": 60.0}, "estimate (Gi* band), share (Gi* band), density (Gi* band)"),
        ({"z": 9.0, "dense_share": 60.0}, ""),  # "more than" 60 is not 60
        ({"z": 9.0, "dense_estimate": 59.0}, "estimate (dense), share (dense)"),
        ({"z": 9.0, "dense_density": 59.0}, "share (dense), density (dense)"),
        ({"nearest": 2, "band_m": 1.0}, "estimate (Gi* nearest, Gi* band), "),
    ],
)
def test_thresholds_can_be_set(change: dict[str, float], why: str) -> None:
    found = spots(PEOPLE, NINE_XY, replace(NINE_RULE, **change), geoids=NINE)
    assert found["why"].iloc[0].startswith(why)
    assert bool(found["hot"].iloc[0]) == bool(why)


def test_above_the_median_is_strict_and_of_tracts_with_people_alone() -> None:
    rule = replace(NINE_RULE, z=9.0, dense_estimate=0.0, dense_share=1e9, dense_density=1e9)
    found = spots(PEOPLE, NINE_XY, rule, geoids=NINE)  # median of 15, 30, 30, 60 is 30
    assert found["dense_estimate"].tolist() == [True, *[False] * 8]


def test_a_tract_without_speakers_is_never_hot() -> None:
    people = [0.0, *[300.0] * 5, *[0.0] * 40]
    random = np.random.default_rng(1)
    xy = np.vstack([random.uniform(0, 300, (6, 2)), random.uniform(50_000, 90_000, (40, 2))])
    found = spots(people, xy)
    assert (found[GI].iloc[0] > CITY.z).all()
    assert found["hot"].tolist() == [False, *[True] * 5, *[False] * 40]
    assert found["why"].iloc[0] == ""


def test_nothing_is_hot_where_nobody_lives() -> None:
    found = spots([0, 0], NINE_XY[:2], population=0.0)
    assert not found[["hot", *HOT]].to_numpy().any()
    assert found["why"].tolist() == ["", ""]
    assert found[GI].isna().to_numpy().all()


def test_a_tract_alone_in_its_band_is_judged_by_its_own_value() -> None:
    people = [500.0, 0.0, 0.0, 10.0, 0.0, 5.0, 0.0, 0.0]
    xy = np.array([[10_000.0 * place, 0.0] for place in range(8)])
    found = spots(people, xy)
    own = (np.array(people) - np.mean(people)) / np.std(people)
    np.testing.assert_allclose(found["gi_estimate_band"], own, rtol=1e-9)
    assert found["hot_estimate_band"].tolist() == [True, *[False] * 7]
    left_out = spots(people, xy, replace(CITY, lone=False, dense_estimate=1e9))
    assert left_out["gi_estimate_band"].isna().all()
    assert not left_out["hot_estimate_band"].any()
    pd.testing.assert_series_equal(left_out["gi_share_nearest"], found["gi_share_nearest"])


@pytest.mark.parametrize("value", [0.0, 0.1, 50.0])
def test_without_variation_there_is_no_hot_spot(value: float) -> None:
    found = spots([value] * 9, NINE_XY, geoids=NINE)
    assert found[GI].isna().all(axis=None)
    assert not found["hot"].any()


@pytest.mark.parametrize("count", range(8))
def test_a_region_of_few_tracts_is_no_trouble(count: int) -> None:
    xy = np.array([[1000.0 * place, 0.0] for place in range(count)]).reshape(count, 2)
    found = spots([10.0 * place for place in range(count)], xy)
    assert len(found) == count
    assert found["hot"].dtype == bool
    if count <= 6:  # five neighbours are all there are, and say nothing
        assert found["gi_estimate_nearest"].isna().all()
    else:
        assert found["gi_estimate_nearest"].notna().all()


def test_tracts_at_one_place_are_neighbours_and_not_themselves_twice() -> None:
    xy = np.vstack([np.zeros((7, 2)), NINE_XY + 50_000])
    people = np.arange(16.0)
    found = spots(people, xy)
    weights = np.eye(16)
    weights[:6, :6] = 1  # itself and the five lowest others
    weights[6, :5] = 1
    z = textbook(people, weights)
    np.testing.assert_allclose(found["gi_estimate_nearest"].iloc[:7], z[:7], rtol=1e-9)


def test_equally_near_is_meant_to_the_millimetre() -> None:
    people = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    xy = np.array([[0.0, 0.0], [1000.0003, 0.0], [0.0, 1000.0], [90_000.0, 0.0], [90_000.0, 100.0]])
    found = spots(people, xy, replace(CITY, nearest=1))
    weights = np.eye(5)
    weights[0, 1] = 1  # a third of a millimetre farther than tract 2, and of a lower GEOID
    assert found["gi_estimate_nearest"].iloc[0] == pytest.approx(textbook(people, weights)[0], rel=1e-9)


def test_tracts_where_nobody_lives_are_out_of_the_sample() -> None:
    people, xy = scattered()
    with_empty = spots([*people, 0.0], np.vstack([xy, xy[:1] + 10]), population=[*[1000.0] * 60, 0.0])
    pd.testing.assert_frame_equal(with_empty.iloc[:60], spots(people, xy))
    assert with_empty[GI].iloc[60].isna().all()
    assert not with_empty["hot"].iloc[60]
    assert with_empty["why"].iloc[60] == ""


def test_the_order_of_rows_changes_nothing() -> None:
    people, xy = scattered()
    xy = np.round(xy / 500) * 500  # many equal distances
    order = np.random.default_rng(3).permutation(60)
    geoids = [f"{number:011d}" for number in range(60)]
    straight = spots(people, xy, geoids=geoids)
    mixed = spots(people[order], xy[order], geoids=[geoids[place] for place in order])
    pd.testing.assert_frame_equal(mixed.loc[geoids], straight, check_exact=True)
    assert mixed.index.tolist() == [geoids[place] for place in order]


@pytest.fixture(scope="module")
def sample() -> Tracts:
    acs = ROOT / "data" / "acs"
    return read_tracts(
        [acs / "sample_c16001.csv"], acs / "sample_tracts.geojson", measure="lep", notices=Notices()
    )


def test_rows_and_summary_of_the_sample_add_up(sample: Tracts) -> None:
    languages = find_languages(["es", "ru", "uk"])
    found = hotspots_of(sample, ["spanish", "slavic"], CITY)
    rows = hotspot_rows(sample, languages, found)
    summary = hotspot_summary(sample, languages, found).set_index("language")
    assert list(summary.index) == ["es", "ru", "uk"]
    for language in languages:
        mine = rows[rows["language"] == language.tag]
        people = sample.estimates[language.group.key]
        assert mine["GEOID"].tolist() == people.index[people > 0].tolist()
        assert mine["people"].sum() == pytest.approx(people.sum())
        row = summary.loc[language.tag]
        assert row["tracts"] == len(mine)
        assert row["hot_tracts"] == mine["hot"].sum() == hot_table(found)[language.group.key].sum()
        assert row["people_hot"] == pytest.approx(mine.loc[mine["hot"], "people"].sum())
        assert 0 <= row["residents_hot_share"] < row["people_hot_share"] <= 1
        assert row["by_gi_star"] <= row["hot_tracts"]
    assert (rows["why"] != "").tolist() == rows["hot"].tolist()


def test_geopackage_holds_the_rows_and_is_the_same_bytes_again(sample: Tracts, tmp_path: Path) -> None:
    rows = hotspot_rows(
        sample, find_languages(["es", "vi"]), hotspots_of(sample, ["spanish", "vietnamese"], CITY)
    )
    path, again = tmp_path / "hot.gpkg", tmp_path / "again.gpkg"
    hotspots_gpkg(path, sample, rows)
    hotspots_gpkg(again, sample, rows)
    hotspots_gpkg(path, sample, rows)  # an earlier one is replaced
    assert path.read_bytes() == again.read_bytes()
    assert b"1970-01-01T00:00:00" in path.read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
    assert sorted(tmp_path.iterdir()) == [again, path]
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["hotspots"]
    layer = gpd.read_file(path, layer="hotspots")
    assert layer.crs.to_epsg() == 4326
    assert layer.columns.drop("geometry").tolist() == rows.columns.tolist()
    assert layer["hot"].tolist() == rows["hot"].tolist()
    np.testing.assert_allclose(layer[GI].to_numpy(float), rows[GI].to_numpy(float))
    assert layer.geometry.iloc[0].equals(shapely.multipolygons([sample.geometry[rows["GEOID"].iloc[0]]]))


def test_geopackage_without_a_row_has_its_layer(sample: Tracts, tmp_path: Path) -> None:
    rows = hotspot_rows(sample, find_languages(["es"]), hotspots_of(sample, ["spanish"], CITY))
    hotspots_gpkg(tmp_path / "none.gpkg", sample, rows.iloc[:0])
    assert len(gpd.read_file(tmp_path / "none.gpkg", layer="hotspots")) == 0


def test_geopackage_replaces_nothing_else(sample: Tracts, tmp_path: Path) -> None:
    rows = hotspot_rows(sample, find_languages(["es"]), hotspots_of(sample, ["spanish"], CITY))
    text, other = tmp_path / "notes.txt", tmp_path / "other.gpkg"
    text.write_text("mine")
    gpd.GeoDataFrame(geometry=sample.geometry).to_file(other, layer="parks")
    before = other.read_bytes()
    with pytest.raises(OutputError, match="no GeoPackage"):
        hotspots_gpkg(text, sample, rows)
    with pytest.raises(OutputError, match="holds the layers parks"):
        hotspots_gpkg(other, sample, rows)
    with pytest.raises(OutputError, match="no writable folder"):
        hotspots_gpkg(tmp_path / "gone" / "hot.gpkg", sample, rows)
    assert text.read_text() == "mine"
    assert other.read_bytes() == before


@pytest.fixture(scope="module")
def portland(real_data: Path) -> Tracts:
    return read_tracts(
        [real_data / "acs/portland_msa_acs5_2019_C16001_lep_tract_wide.csv"],
        real_data / "geo/or_wa_tracts_cb2017_500k.gpkg",
        measure="lep",
        notices=Notices(),
    )


@pytest.fixture(scope="module")
def portland_spots(portland: Tracts) -> dict[str, pd.DataFrame]:
    return hotspots_of(portland, ["spanish", "vietnamese", "chinese", "slavic"], CITY)


def test_portland_follows_the_formula_over_all_pairs(
    portland: Tracts, portland_spots: dict[str, pd.DataFrame]
) -> None:
    polygons = portland.geometry.to_crs(32610)
    xy = np.column_stack([polygons.centroid.x, polygons.centroid.y])
    weights = brute_weights(xy, CITY)
    for key, found in portland_spots.items():
        people = portland.estimates[key].to_numpy(float)
        density = people / (polygons.area.to_numpy() / 2_589_988.110336)
        x = {"estimate": people, "share": people / portland.population.to_numpy(float)}
        hot = np.zeros(len(people), bool)
        for measure, value in (x | {"density": density}).items():
            least = 40 if measure == "share" else 85
            hot |= (value > np.median(value[value > 0])) & (density > least)
            for name, weight in weights.items():
                z = textbook(value, weight)
                np.testing.assert_allclose(found[f"gi_{measure}_{name}"], z, rtol=1e-6, atol=1e-9)
                hot |= (z >= 1.96) & (people > 0)
        assert found["hot"].tolist() == hot.tolist()


def test_portland_hot_spots_are_where_one_knows_them(
    portland: Tracts, portland_spots: dict[str, pd.DataFrame]
) -> None:
    hot = hot_table(portland_spots)
    assert hot.sum().to_dict() == {"spanish": 217, "vietnamese": 102, "chinese": 87, "slavic": 113}
    places = {
        "Jade District, SE 82nd and Division": (-122.5787, 45.5046),
        "Cully": (-122.6010, 45.5630),
        "Rockwood, Gresham": (-122.4770, 45.5220),
        "Orchards, Vancouver": (-122.5600, 45.6680),
        "Forest Heights": (-122.7650, 45.5450),
        "Cornelius": (-123.0560, 45.5200),
    }
    at = gpd.GeoSeries.from_xy(*zip(*places.values(), strict=True), crs=4326)
    tract = [portland.geometry.index[portland.geometry.intersects(point)][0] for point in at]
    table = hot.loc[tract].set_axis(list(places))
    assert {place: list(row.index[row]) for place, row in table.iterrows()} == {
        "Jade District, SE 82nd and Division": ["spanish", "vietnamese", "chinese"],
        "Cully": ["spanish"],
        "Rockwood, Gresham": ["spanish", "slavic"],
        "Orchards, Vancouver": ["spanish", "slavic"],
        "Forest Heights": ["chinese"],
        "Cornelius": ["spanish"],
    }
    # the ten tracts of the highest Gi* for Vietnamese lie along and east of 82nd Avenue
    top = portland_spots["vietnamese"]["gi_estimate_nearest"].nlargest(10).index
    points = portland.geometry[top].representative_point()
    assert points.x.between(-122.59, -122.47).all()
    assert points.y.between(45.45, 45.56).all()

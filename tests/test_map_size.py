"""The page's size, and that a border is written once however many tracts share it."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from map_page import geometry, unpacked

from targeting.campaign import read_campaign
from targeting.plan import Plan, make_plan
from targeting.write.map import map_html
from targeting.write.map_data import map_data
from targeting.write.map_topology import steps, topology

MOST = 1_500_000


def squares(rows: int, columns: int) -> np.ndarray:
    """Return a chequer of squares of a hundredth of a degree, each side with a point in its middle."""
    shapes = []
    for row in range(rows):
        for column in range(columns):
            corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
            ring = [
                point
                for here, there in zip(corners, [*corners[1:], corners[0]], strict=True)
                for point in (here, ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2))
            ]
            shapes.append(shapely.Polygon([(x / 100, y / 100) for x, y in ring]))
    return np.array(shapes, dtype=object)


def test_a_shared_border_is_one_arc() -> None:
    tracts = squares(2, 2)
    made = topology({"tracts": tracts, "whole": np.array([shapely.union_all(tracts)])}, 4326)
    # four inner borders, four outer corners: each once
    assert len(made["arcs"]) == 8
    for shape, tract in zip(made["objects"]["tracts"]["geometries"], tracts, strict=True):
        drawn = shapely.geometry.shape(geometry(made, shape))
        assert drawn.symmetric_difference(tract).area < 1e-12
    whole = shapely.geometry.shape(geometry(made, made["objects"]["whole"]["geometries"][0]))
    assert whole.area == pytest.approx(4e-4)


def test_islands_and_holes_are_kept() -> None:
    island = shapely.box(5, 5, 6, 6)
    hole = shapely.Polygon(
        shapely.box(0, 0, 3, 3).exterior.coords, [shapely.box(1, 1, 2, 2).exterior.coords[::-1]]
    )
    inside = shapely.box(1, 1, 2, 2)
    layer = np.array([shapely.MultiPolygon([hole, island]), inside], dtype=object)
    made = topology({"tracts": layer}, 4326)
    assert len(made["arcs"]) == 3  # the hole's border is the other's
    for shape, tract in zip(made["objects"]["tracts"]["geometries"], layer, strict=True):
        assert shapely.geometry.shape(geometry(made, shape)).symmetric_difference(tract).area < 1e-9


def test_steps_leave_out_points_that_fall_together() -> None:
    line = shapely.LineString([(1, 2), (1.000001, 2), (1.00001, 2.00002)])
    assert steps(line) == [[200000, 100000, 2, 1]]


@pytest.fixture(scope="module", params=["auto:6", "auto:12"])
def portland(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Plan:
    file = tmp_path_factory.mktemp("portland") / "campaign.toml"
    name = "acs/portland_msa_acs5_2019_C16001_lep_tract"
    file.write_text(
        f"""name = "Red Means Help"
[region]
gtfs = "{real_data}/gtfs/trimet-2024-12-composite.zip"
acs = "{real_data}/{name}_wide.csv"
tracts = "{real_data}/{name}.gpkg"
[posters]
languages = "{request.param}"
[placement]
buses = 36
""",
        encoding="utf-8",
    )
    return make_plan(read_campaign(file))


def test_portland_fits_into_an_email(portland: Plan) -> None:
    assert len(map_html(portland).encode()) <= MOST
    assert len(map_html(portland, "public").encode()) <= MOST / 2


def test_portlands_tracts_have_no_slivers(portland: Plan) -> None:
    data = unpacked(map_data(portland))
    drawn = [shapely.geometry.shape(feature["geometry"]) for feature in data["tracts"]["features"]]
    assert len(drawn) == len(portland.scores.tracts.names)
    total = sum(shape.area for shape in drawn)
    assert shapely.union_all(drawn, grid_size=1e-7).area == pytest.approx(total, rel=1e-6)
    assert all(len(stop) == 3 for stop in data["stops"])

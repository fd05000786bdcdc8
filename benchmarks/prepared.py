"""Write what the parts of a plan begin with, so that each of them can be run by itself, ours or another's.

    python benchmarks/prepared.py campaign.toml folder

The folder gets `tracts.gpkg` and `stops.csv` (in metres), `routes.gpkg`, `placement.pickle` (the campaign's
own problem), and `coverage.pickle` and `coverage.npz`: the same routes as a problem of maximal coverage.
"""

import pickle
import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.campaign import read_campaign
from targeting.ground import metres, plane, weekly_calls
from targeting.languages import told_apart
from targeting.notices import Notices
from targeting.posting import campaign_problem
from targeting.problem import Problem
from targeting.reach import Audience
from targeting.scores import Scores
from targeting.scoring import score_routes

SURE = 1000.0  # rides: whoever lives near a chosen route is reached


def main(campaign: Path, folder: Path) -> None:
    """Score a campaign's routes and write the inputs of the parts."""
    folder.mkdir(parents=True, exist_ok=True)
    scores = score_routes(read_campaign(campaign))
    _write_ground(scores, folder)
    problem = campaign_problem(scores, Notices())
    covered = coverage(problem)
    for name, each in (("placement", problem), ("coverage", covered)):
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(each))
    near = covered.audience.rides.toarray() > 0
    np.savez_compressed(
        folder / "coverage.npz", near=near, people=covered.audience.people[:, 0], sites=covered.buses
    )


def coverage(problem: Problem) -> Problem:
    """Return the problem of which routes to choose so that most people live near one of them.

    A quarter of the routes, one language, one card a route, and whoever lives near a chosen route is
    certain to see it: the maximal covering location problem (Church & ReVelle 1974).
    """
    audience, units = problem.audience, len(problem.units)
    rides = audience.rides.sign() * SURE
    people = audience.people.sum(axis=1, keepdims=True)
    return replace(
        problem,
        audience=Audience(people, rides, audience.tract, audience.weight, audience.atom),
        groups=("all",),
        vehicles=np.ones(units, np.int64),
        slots=np.ones(units, np.int64),
        buses=units // 4,
        cards=0,
        allowed=np.ones((units, 1), bool),
        least=np.zeros((units, 1), np.int64),
        floors=np.zeros(1, np.int64),
        floor_people=np.zeros(1),
        copies=np.full(1, units),
        weights=np.ones(1),
    )


def _write_ground(scores: Scores, folder: Path) -> None:
    """Write tracts with their people, stops with the routes that call there, and the routes' lines."""
    feed, tracts = scores.feed, scores.tracts
    crs = plane(feed)
    groups = list(told_apart(scores.languages))
    people = tracts.estimates[groups].round().reset_index(drop=True)
    table = people.assign(
        GEOID=tracts.estimates.index.to_numpy(),
        name=list(tracts.names),
        leading=people.idxmax(axis=1).where(people.max(axis=1) > 0, "none"),
    )
    shapes = tracts.geometry.to_crs(crs).to_numpy()
    gpd.GeoDataFrame(table, geometry=shapes, crs=crs).to_file(folder / "tracts.gpkg")
    calls = weekly_calls(feed)
    xy = metres(feed.stops["lon"], feed.stops["lat"], crs)[calls["place"]]
    pd.DataFrame(
        {
            "route_id": feed.routes.index[calls["route"]],
            "direction_id": calls["direction"],
            "stop_id": feed.stops.index[calls["place"]],
            "departures_week": calls["weekly"],
            "x": xy[:, 0],
            "y": xy[:, 1],
        }
    ).to_csv(folder / "stops.csv", index=False)
    routes = feed.routes[["route_name", "departures_week"]].reset_index()
    gpd.GeoDataFrame(routes, geometry=feed.lines.to_numpy(), crs=4326).to_file(folder / "routes.gpkg")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

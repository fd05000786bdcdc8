"""What hangs where on the map: on the buses of routes, of families of routes or of garages.

A card ordered for a route rides on it. A card ordered for a family or a garage rides in one bus of that
unit, on whichever of its routes the bus runs that day: the map says so, and gives such a card to the unit.
"""

from typing import Any

import pandas as pd

from targeting.plan import Plan
from targeting.wording import percent
from targeting.write.map_tracts import told

UNIT_ONE = {"route": "route", "family": "family of routes", "garage": "garage"}
UNIT_WORDS = {"route": "routes", "family": "families of routes", "garage": "garages"}


def own_routes(plan: Plan, unit: str) -> tuple[str, ...]:
    """Return the routes on which the map shows a unit: those that it runs by the campaign's own files.

    A garage named for whole routes has only these; its buses may run others of other garages as well.
    """
    units, runs = plan.scores.units, tuple(plan.scores.postable.table.at[unit, "routes"])
    if units.kind != "garage" or units.garages is None or units.garages.by == "block":
        return runs
    garage = units.garages.garage
    return tuple(route for route in runs if f"garage:{garage.get(route, '')}" == unit)


def posted_routes(plan: Plan) -> list[str]:
    """Return the routes that buses with posters are there for, in the plan's order."""
    units = dict.fromkeys(_in_buses(plan)["unit_id"])
    return list(dict.fromkeys(route for unit in units for route in own_routes(plan, unit)))


def route_order(plan: Plan) -> list[str]:
    """Return all routes in the order of the page: those with posters first, as the plan ranks them."""
    posted = posted_routes(plan)
    return [*posted, *plan.scores.feed.routes.index.difference(posted, sort=False)]


def posted_units(plan: Plan, tag: str | None = None) -> int:
    """Return on how many units with buses posters hang; of one language where a tag is given."""
    placed = _in_buses(plan)
    return int(placed.loc[placed["language"] == tag if tag else placed.index, "unit_id"].nunique())


def count_units(number: int, kind: str) -> str:
    """Return "1 family of routes", "3 garages"."""
    return f"1 {UNIT_ONE[kind]}" if number == 1 else f"{number:,} {UNIT_WORDS[kind]}"


def run_at_once(kind: str) -> str:
    """Return what the vehicles of a unit do, after "the most buses that"."""
    return f"the {kind} has on the road" if kind == "garage" else f"run on the {UNIT_ONE[kind]}"


def posters_of_routes(plan: Plan, *, public: bool) -> dict[str, list[dict[str, Any]]]:
    """Return what hangs on each route; what is ordered for a family is on each route of it.

    A garage's posters are on none: which of its routes a bus runs on a day is not known.
    """
    scores = plan.scores
    if scores.units.kind == "garage":
        return {}
    ordered = _posters(plan, public=public)
    posters: dict[str, list[dict[str, Any]]] = {}
    for row in _in_buses(plan).itertuples(index=False):
        routes = own_routes(plan, row.unit_id)
        unit = row.unit_name if len(routes) > 1 else ""
        poster = ordered[row.unit_id, row.language] | {"unit": unit}
        for route in routes:
            posters.setdefault(route, []).append(poster)
    columns = [language.column for language in scores.languages]
    for route, carried in posters.items():  # the language that it calls for first, then by buses
        group = scores.assigned["group"].get(route, "")
        carried.sort(key=lambda poster: (columns[poster["language"]] != group, -poster["buses"]))
    return posters


def unit_rows(plan: Plan, *, public: bool) -> list[dict[str, Any]]:
    """Return the families or garages with posters, in the plan's order; none where routes are ordered for.

    Returns
    -------
    list of dict
        `name`, `buses` (of the unit), `posters`, `routes` (positions of its own) and `visits` (positions
        of others on which its buses run besides).
    """
    units, ordered = plan.scores.units, _posters(plan, public=public)
    if units.kind == "route":
        return []
    rows = []
    position = {route: number for number, route in enumerate(route_order(plan))}
    for unit, placed in _in_buses(plan).groupby("unit_id", sort=False):
        own = own_routes(plan, str(unit))
        row = {
            "name": placed["unit_name"].iloc[0],
            "posters": [ordered[str(unit), language] for language in placed["language"]],
            "routes": [position[route] for route in own],
            "visits": [position[route] for route in units.table.at[unit, "routes"] if route not in own],
        }
        rows.append(row if public else row | {"buses": int(placed["vehicles"].iloc[0])})
    return rows


def positions(plan: Plan) -> dict[str, int]:
    """Return the place of each language, by its tag."""
    return {language.tag: number for number, language in enumerate(plan.scores.languages)}


def told_poster(plan: Plan, row: Any) -> dict[str, Any]:
    """Return what a row of the placements says of people."""
    smallest = plan.scores.campaign.certainty.smallest_count
    return {
        "rank": int(row.rank),
        "served": told(row.served, smallest),
        "margin": round(row.served_moe),
        "reach": told(row.reach, smallest),
        "reachMargin": round(row.reach_moe),
        "largest": percent(row.largest_probability),
        "certainty": "" if pd.isna(row.certainty) else percent(row.certainty),
        "runnerUp": positions(plan).get(row.runner_up, -1),
        "differs": bool(row.differs),
        "reason": row.reason,
    }


def _in_buses(plan: Plan) -> pd.DataFrame:
    return plan.placements[plan.placements["unit"] != "venue"]


def _posters(plan: Plan, *, public: bool) -> dict[tuple[str, str], dict[str, Any]]:
    """Return each language in the buses of each unit, and unless public whom it serves and why."""
    smallest, at = plan.scores.campaign.certainty.smallest_count, positions(plan)
    bounds = plan.scores.postable.figures.set_index(["unit_id", "language"])[["served_low", "served_high"]]
    posters = {}
    for row in _in_buses(plan).itertuples(index=False):
        poster: dict[str, Any] = {"language": at[row.language], "buses": int(row.buses)}
        if not public:
            low, high = bounds.loc[(row.unit_id, row.language)]
            poster |= {
                "of": int(row.vehicles),
                "low": told(low, smallest),
                "high": told(high, smallest),
                **told_poster(plan, row),
            }
        posters[row.unit_id, row.language] = poster
    return posters

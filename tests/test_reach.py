"""Reach: the curve by hand, its two limits, and that no bus is counted twice."""

from math import exp

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.catchment import Catchment
from targeting.reach import Audience, make_audience, posted_departures, posted_vehicles, weekly_rides
from targeting.reached import alone_and_added


def catchment(tract: list[int], weight: list[float], departures: npt.ArrayLike) -> Catchment:
    near = scipy.sparse.csr_matrix(np.asarray(departures, float))
    routes, tracts = near.shape[1], max(tract) + 1
    none = scipy.sparse.csr_matrix((routes, tracts), dtype=bool)
    return Catchment(
        routes=pd.Index([str(n + 1) for n in range(routes)], name="route_id"),
        tracts=tracts,
        tract=np.array(tract),
        weight=np.array(weight, float),
        xy=np.zeros((len(tract), 2)),
        departures=near,
        touched=none,
        wholly=none,
    )


def heard(
    near: Catchment,
    people: npt.ArrayLike,
    *,
    vehicles: list[float],
    leakage: npt.ArrayLike | None = None,
    weeks: float = 4.0,
    rides_per_week: float = 1.0,
    elasticity: float = 0.5,
    **venues: object,
) -> Audience:
    each = np.array(vehicles, float)
    shared = np.eye(len(each)) if leakage is None else np.asarray(leakage, float)
    return make_audience(
        near, np.asarray(people, float), leakage=scipy.sparse.csr_matrix(shared), vehicles=each,
        route_vehicles=each, weeks=weeks, rides_per_week=rides_per_week, elasticity=elasticity,
        **venues,  # type: ignore[arg-type]
    )  # fmt: skip


# One tract with a quarter of its people near both routes and three quarters near route 1 alone, and one
# wholly near route 2; departures a week.
STREETS = catchment([0, 0, 1], [0.25, 0.75, 1.0], [[60, 20], [40, 0], [0, 160]])
PEOPLE = [[80.0, 0.0], [40.0, 100.0]]
# LEP people near: 20, 60 and 140 of both languages; mean departures (20·80 + 60·40 + 140·160) / 220 = 120


def test_reach_by_hand() -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4])
    assert audience.people.tolist() == [[20, 0], [60, 0], [40, 100]]
    # boardings in four weeks: 4 · √(80/120), 4 · √(40/120), 4 · √(160/120); of a route's departures one
    # bus of its two, or four, carries the poster
    first, second, third = (4 * (d / 120) ** 0.5 for d in (80, 40, 160))
    expected = [[first * 60 / 80 / 2, first * 20 / 80 / 4], [second / 2, 0], [0, third / 4]]
    assert audience.rides.toarray() == pytest.approx(np.array(expected))
    # one bus of route 1 and two of route 2 in the first language, one of route 2 in the second
    met = [first * (60 / 2 + 20 / 4 * 2) / 80, second / 2, third / 4 * 2]
    spanish = 20 * (1 - exp(-met[0])) + 60 * (1 - exp(-met[1])) + 40 * (1 - exp(-met[2]))
    korean = 100 * (1 - exp(-third / 4))
    assert audience.reach([[1, 0], [2, 1]]) == pytest.approx([spanish, korean])


def test_half_the_weeks_are_half_the_rides() -> None:
    long, short = (heard(STREETS, PEOPLE, vehicles=[2, 4], weeks=weeks) for weeks in (4, 2))
    assert short.rides.toarray() == pytest.approx(long.rides.toarray() / 2)


def test_mean_departures_are_of_the_people_counted_who_have_service() -> None:
    # of 300 people: 100 near 30 departures, 100 near 90, and 100 near none, who do not count
    rides = weekly_rides(np.array([30.0, 90.0, 0.0]), np.full(3, 100.0), rides_per_week=2.0, elasticity=1.0)
    assert rides.tolist() == pytest.approx([2 * 30 / 60, 2 * 90 / 60, 0.0])
    # three times as many of them near 90: the mean is 75, and everybody rides as the mean does
    rides = weekly_rides(np.array([30.0, 90.0]), np.array([100.0, 300.0]), rides_per_week=2.0, elasticity=1.0)
    assert rides @ [100, 300] / 400 == pytest.approx(2.0)
    assert rides.tolist() == pytest.approx([0.8, 2.4])


@pytest.mark.parametrize(("elasticity", "times"), [(0.0, 1.0), (0.5, 2.0), (1.0, 4.0), (2.0, 16.0)])
def test_four_times_the_service_by_elasticity(elasticity: float, times: float) -> None:
    rides = weekly_rides(np.array([25.0, 100.0]), np.ones(2), rides_per_week=1.0, elasticity=elasticity)
    assert rides[1] / rides[0] == pytest.approx(times)


def test_nobody_counted_is_nobody_riding() -> None:
    rides = weekly_rides(np.array([25.0, 0.0]), np.array([0.0, 9.0]), rides_per_week=1.0, elasticity=0.5)
    assert rides.tolist() == [0, 0]
    assert heard(STREETS, np.zeros((2, 2)), vehicles=[2, 4]).people.shape == (0, 2)


def test_many_rides_count_everyone_near_a_posted_route() -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4], rides_per_week=1000)
    assert audience.reach([[1, 0], [0, 0]]) == pytest.approx([80, 0])
    assert audience.reach([[0, 0], [1, 1]]) == pytest.approx([60, 100])
    assert audience.reach([[1, 0], [1, 0]]) == pytest.approx([120, 0])


def test_few_rides_with_elasticity_one_count_exposure() -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4], rides_per_week=1e-6, elasticity=1.0)
    placements = [[[1, 0], [0, 0]], [[0, 0], [1, 1]], [[2, 0], [0, 4]], [[1, 0], [3, 1]]]
    reach = np.array([audience.reach(cards) for cards in placements])
    # people × posted departures a week: one bus of route 1 carries 30 and 20 of those near, …
    exposure = [[20 * 30 + 60 * 20, 0], [20 * 5 + 40 * 40, 100 * 40], [20 * 60 + 60 * 40, 100 * 160],
                [20 * 30 + 60 * 20 + 20 * 15 + 40 * 120, 100 * 40]]  # fmt: skip
    assert reach == pytest.approx(np.array(exposure) * 4e-6 / 120, rel=1e-4)


def test_two_routes_half_the_hours_each() -> None:
    # a bus of unit 1 spends half its hours on each route: 1 of 2 buses is a quarter of route 1's
    # departures, and half a bus of the route with four is an eighth
    leakage = [[0.5, 0.5], [0.0, 1.0]]
    near = catchment([0, 1], [1.0, 1.0], [[40, 0], [0, 40]])
    audience = heard(
        near, [[100.0], [100.0]], vehicles=[2, 3], leakage=leakage, rides_per_week=1, elasticity=0
    )
    # route 1 has 2 vehicles; route 2 has 3, but the cards of all buses come to 2 · ½ + 3 = 4 there
    assert audience.rides.toarray() == pytest.approx(np.array([[4 * 0.5 / 2, 0], [4 * 0.5 / 4, 4 / 4]]))
    posted = posted_departures(
        near, np.array([[1.0], [2.0]]), scipy.sparse.csr_matrix(np.array(leakage)), np.array([2.0, 3.0]),
        np.array([2.0, 3.0]),
    )  # fmt: skip
    assert posted.ravel().tolist() == pytest.approx([40 * 0.5 / 2, 40 * (0.5 + 2) / 4])
    # the curve is people · (1 − e^(−rides · posted / all))
    assert audience.reach([[1], [2]]) == pytest.approx([100 * (2 - exp(-4 * 0.25) - exp(-4 * 0.625))])


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.data())
def test_no_more_than_all_departures_are_posted(data: st.DataObject) -> None:
    units, routes = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    hours = np.array(
        data.draw(
            st.lists(
                st.lists(st.integers(0, 5), min_size=routes, max_size=routes), min_size=units, max_size=units
            )
        ),
        float,
    )
    hours[:, 0] += hours.sum(axis=1) == 0
    leakage = scipy.sparse.csr_matrix(hours / hours.sum(axis=1, keepdims=True))
    vehicles = np.array(data.draw(st.lists(st.integers(0, 20), min_size=units, max_size=units)), float)
    route_vehicles = np.array(
        data.draw(st.lists(st.integers(0, 20), min_size=routes, max_size=routes)), float
    )
    near = catchment(list(range(routes)), [1.0] * routes, np.diag(np.arange(1.0, routes + 1)) * 30)
    posted = posted_departures(near, vehicles[:, None], leakage, vehicles, route_vehicles).ravel()
    every = np.asarray(near.departures.sum(axis=1)).ravel()
    assert (posted <= every * (1 + 1e-12)).all()
    assert (posted_vehicles(leakage, vehicles, route_vehicles) >= np.maximum(route_vehicles, 1)).all()
    people = np.full((routes, 1), 100.0)
    audience = make_audience(
        near, people, leakage=leakage, vehicles=vehicles, route_vehicles=route_vehicles, weeks=4,
        rides_per_week=1, elasticity=0.5,
    )  # fmt: skip
    # with every bus posted nobody rides more posted buses than buses
    rides = 4 * weekly_rides(every, people[:, 0], rides_per_week=1, elasticity=0.5)
    assert audience.reach(vehicles[:, None])[0] <= (people[:, 0] * -np.expm1(-rides)).sum() * (1 + 1e-12)


def test_all_buses_of_a_route_are_all_its_departures() -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4])
    rides = [4 * (d / 120) ** 0.5 for d in (80, 40, 160)]
    assert (audience.rides @ [2, 4]).tolist() == pytest.approx(rides)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.integers(0, 2), st.integers(0, 4), st.floats(0.01, 1000), st.floats(0, 2))
def test_reached_are_served_and_served_are_people(
    one: int, two: int, rides: float, elasticity: float
) -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4], rides_per_week=rides, elasticity=elasticity)
    posted = np.array([one, two]) > 0
    served = STREETS.share_of_any(posted) @ PEOPLE
    reach = audience.reach([[one, one], [two, two]])
    assert (reach <= served * (1 + 1e-12)).all()
    assert (served <= np.sum(PEOPLE, axis=0) * (1 + 1e-12)).all()
    more = audience.reach([[one + 1, one], [two, two]])
    assert more[0] >= reach[0]
    assert more[1] == reach[1]


def test_bus_and_venue_together_are_a_union() -> None:
    # the venue is near the first two atoms; its column of departures only says where
    venue = catchment([0, 0, 1], [0.25, 0.75, 1.0], [[1], [7], [0]])
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4], venues=venue, visits_per_week=0.05)
    assert audience.rides.toarray()[:, 2].tolist() == pytest.approx([0.2, 0.2, 0.0])
    bus, visit, both = (
        audience.reached_shares(np.array(cards)[:, None]).ravel()
        for cards in ([1, 0, 0], [0, 0, 1], [1, 0, 1])
    )
    assert visit.tolist() == pytest.approx([1 - exp(-0.2), 1 - exp(-0.2), 0.0])
    assert both == pytest.approx(1 - (1 - bus) * (1 - visit))
    assert venue.departures.data.tolist() == [1, 7], "the catchment is not written into"


def test_a_venue_reaches_where_no_bus_runs_and_does_not_change_the_mean_departures() -> None:
    near = catchment([0, 1, 2], [1.0, 1.0, 1.0], [[30], [0], [0]])
    venue = catchment([0, 1, 2], [1.0, 1.0, 1.0], [[0], [1], [0]])
    people = [[100.0], [50.0], [70.0]]
    audience = heard(near, people, vehicles=[1], venues=venue, visits_per_week=0.5)
    assert audience.people.ravel().tolist() == [100, 50]
    assert audience.rides.toarray() == pytest.approx(np.array([[4.0, 0], [0, 2.0]]))


def test_other_people_change_neither_rides_nor_places() -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[2, 4])
    drawn = audience.with_people(np.array([[8.0, 4.0], [0.0, 10.0]]))
    assert drawn.people.tolist() == [[2, 1], [6, 3], [0, 10]]
    assert (drawn.rides != audience.rides).nnz == 0
    same = audience.with_people(np.array(PEOPLE))
    assert (same.people == audience.people).all()


@pytest.mark.parametrize("rides_per_week", [0.001, 1.0, 1000.0])
def test_what_each_placement_adds_however_often_people_ride(rides_per_week: float) -> None:
    audience = heard(STREETS, PEOPLE, vehicles=[3, 2], rides_per_week=rides_per_week)
    cards = np.array([[2, 1], [1, 0]])
    found = alone_and_added(audience, cards)
    assert found[["unit", "group", "cards"]].to_numpy().tolist() == [[0, 0, 2], [0, 1, 1], [1, 0, 1]]
    for row in found.itertuples():
        only, less = np.zeros_like(cards), cards.copy()
        only[row.unit, row.group], less[row.unit, row.group] = row.cards, 0
        assert row.alone == pytest.approx(audience.reach(only).sum())
        lost = audience.reach(cards).sum() - audience.reach(less).sum()
        assert row.added == pytest.approx(lost, rel=1e-6)
    if rides_per_week == 1000:  # who is near both routes is reached by either: 20 people
        assert found["added"].tolist() == pytest.approx([60, 0, 40])

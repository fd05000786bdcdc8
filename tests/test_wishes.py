"""Wishes: names, floors, copies and weights of a campaign as a problem; what fights what, by how much."""

from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.campaign import Campaign
from targeting.errors import CampaignError
from targeting.languages import find_languages
from targeting.notices import Notices
from targeting.problem import Problem
from targeting.reach import Audience
from targeting.wishes import NO_LIMIT, equal_weights, find_unit, hanging_copies, problem_of

ROUTES = {"100": ("Blue Line", 4), "9": ("Powell", 3), "72": ("Killingsworth", 2), "X": ("Powell", 1)}
TABLE = pd.DataFrame(
    {
        "unit": "route",
        "unit_name": [f"{key} {name}" for key, (name, _) in ROUTES.items()],
        "called": [(key, name) for key, (name, _) in ROUTES.items()],
        "vehicles": [vehicles for _, vehicles in ROUTES.values()],
        "slots": 1,
        "venue": False,
    },
    index=pd.Index([f"R{key}" for key in ROUTES], name="unit_id"),
)
TOTALS = {"es": 1000.0, "ru": 400.0, "ko": 100.0}
ENOUGH = [[1.0, 1.0, 1.0], [1.0, 0.9, 0.8], [0.9, 0.5, 0.3], [0.9, 0.1, 0.0]]


def problem_from(
    *,
    languages: tuple[str, ...] = ("es", "ru", "ko"),
    buses: int = 5,
    posters: dict[str, object] | None = None,
    enough: npt.ArrayLike = ENOUGH,
    table: pd.DataFrame = TABLE,
    kept: list[tuple[str, str, int]] | None = None,
    venue_cards: int | None = None,
    notices: Notices | None = None,
    **placement: object,
) -> Problem:
    campaign = Campaign.model_validate(
        {
            "name": "Test",
            "region": {"gtfs": "g", "acs": "a", "tracts": "t"},
            "posters": {"languages": list(languages)} | (posters or {}),
            "placement": {"buses": buses} | placement,
        }
        | ({} if venue_cards is None else {"venues": {"file": "v", "cards": venue_cards}})
    )
    groups: dict[str, list[object]] = {}
    for language in find_languages(list(languages)):
        groups.setdefault(language.group.key, []).append(language)
    size = [TOTALS[each[0].tag] for each in groups.values()]  # type: ignore[attr-defined]
    count = len(table)
    audience = Audience(
        np.outer(np.ones(count), size) / count, scipy.sparse.identity(count, format="csr"),
        np.arange(count), np.ones(count), np.arange(count),
    )  # fmt: skip
    sure = np.asarray(enough, float)[:count, : len(groups)]
    return problem_of(
        campaign, groups, table, np.where(sure > 0, 200.0, 0.0), sure, audience, np.array(size),  # type: ignore[arg-type]
        pd.DataFrame(kept or [], columns=["unit_id", "language", "buses"]),
        Notices() if notices is None else notices,
    )  # fmt: skip


def refused(**wishes: object) -> str:
    with pytest.raises(CampaignError) as caught:
        problem_from(**wishes)  # type: ignore[arg-type]
    return str(caught.value)


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["R72", "72", "killingsworth", " Killingsworth "])
def test_a_unit_by_id_number_or_name(name: str) -> None:
    assert find_unit(name, TABLE, "placement.pinned") == 2


def test_a_name_of_two_units_and_of_none() -> None:
    with pytest.raises(CampaignError, match="'Powell' names 2 units; give one of the ids R9, RX"):
        find_unit("Powell", TABLE, "placement.pinned")
    with pytest.raises(
        CampaignError, match=r"placement\.keep: no route 'Killingworth' in service; did you mean 'Kill"
    ):
        find_unit("Killingworth", TABLE, "placement.keep")
    with pytest.raises(CampaignError, match="no route 'zzz' in service; see 'targeting vehicles FILE'"):
        find_unit("zzz", TABLE, "placement.keep")


@pytest.mark.parametrize(
    ("key", "wish"),
    [
        ("placement.pinned", {"pinned": [{"unit": "72", "language": "vi"}]}),
        ("placement.forbidden", {"forbidden": [{"unit": "72", "language": "vi"}]}),
        ("placement.floors", {"floors": {"vi": 1}}),
        ("placement.weights", {"weights": {"vi": 1.0}}),
        ("posters.copies", {"posters": {"copies": {"vi": 9}}}),
        ("placement.keep", {"kept": [("R72", "vi", 1)]}),
    ],
)
def test_a_language_the_campaign_has_not(key: str, wish: dict[str, object]) -> None:
    assert refused(**wish) == (
        f"{key}: 'vi' is no language of the campaign; posters.languages has es, ru, ko."
    )


# --- what is settled, and what is ruled out -----------------------------------------------------


def test_pinned_add_up_and_an_earlier_wave_is_no_second_time() -> None:
    p = problem_from(
        pinned=[{"unit": "9", "language": "es"}, {"unit": "Blue Line", "language": "es", "buses": 2}],
        kept=[("R9", "es", 2), ("R100", "es", 1)],
    )
    assert p.least.tolist() == [[2, 0, 0], [2, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_two_languages_of_one_group_are_two_cards_of_an_earlier_wave() -> None:
    # Russian and Ukrainian are one group of the census: a bus each stays
    p = problem_from(languages=("es", "ru", "uk"), kept=[("R9", "ru", 1), ("R9", "uk", 1)])
    assert p.least.tolist()[1] == [0, 2]


def test_forbidden_and_unsure_units_are_not_allowed() -> None:
    p = problem_from(forbidden=[{"unit": "100"}, {"unit": "9", "language": "es"}])
    # 0.8 is enough for 0.8; 72 and X are not sure for Russian and Korean
    assert p.allowed.astype(int).tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 0], [1, 0, 0]]


def test_pinned_and_forbidden_at_once() -> None:
    text = refused(pinned=[{"unit": "9", "language": "ru"}], forbidden=[{"unit": "R9"}])
    assert text == (
        "placement.forbidden rules out Russian on 9 Powell, and placement.pinned or keep puts it "
        "there; drop one."
    )


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"pinned": [{"unit": "72", "language": "es", "buses": 5}]},
         "put 5 buses on 72 Killingsworth, which has 2: 3 too many"),
        ({"buses": 4, "pinned": [{"unit": "100", "language": "es", "buses": 4}], "kept": [("R9", "ru", 2)]},
         "need 6 buses, and placement.buses = 4: 2 too few"),
        ({"pinned": [{"unit": "100", "language": "ko", "buses": 4}], "posters": {"copies": 3, "spares": 0.0}},
         "hang 4 cards of Korean, and posters.copies, less the spares, allow 3: 1 too few"),
        ({"floors": {"ko": 6}, "posters": {"copies": {"ko": 3}, "spares": 0.5}},
         "ask for 6 buses of Korean, and posters.copies, less the spares, allow 2: 4 too few"),
        ({"floors": {"ko": 9}, "buses": 10},
         "ask for 9 buses of Korean, and the units where it may hang have 7: 2 too few"),
        ({"floors": 1, "enough": [[1, 1, 0.7]] * 4},
         "ask for 1 bus of Korean, and the units where it may hang have 0: 1 too few"),
    ],
)  # fmt: skip
def test_wishes_that_fight_and_by_how_much(wish: dict[str, object], said: str) -> None:
    text = refused(**wish)
    assert text.startswith("The wishes fight each other: placement.")
    assert said in text


VENUES = pd.concat(
    [
        TABLE,
        pd.DataFrame(
            {"unit": "venue", "unit_name": ["Library", "Clinic"], "called": [("Library",), ("Clinic",)],
             "vehicles": 1, "slots": 1, "venue": True},
            index=pd.Index(["V1", "V2"], name="unit_id"),
        ),
    ]
)  # fmt: skip


def test_venue_cards_that_fight() -> None:
    every = {"table": VENUES, "enough": np.ones((6, 3))}
    twice = refused(**every, venue_cards=5, pinned=[{"unit": "library", "language": "es", "buses": 3}])
    assert "hang 3 cards in Library, which takes 1, one of each language: 2 too many" in twice
    wish = [{"unit": unit, "language": "es"} for unit in ("Library", "Clinic")]
    assert "need 2 cards in venues, and venues.cards = 1: 1 too few" in refused(
        **every, venue_cards=1, pinned=wish
    )
    # ten buses and two venues, but one card
    floors = refused(**every, venue_cards=1, buses=10, floors={"es": 13})
    assert "ask for 13 buses of Spanish, and the units where it may hang have 11: 2 too few" in floors
    assert problem_from(**every, venue_cards=2, pinned=wish).cards == 2  # type: ignore[arg-type]


def test_a_pinned_bus_on_an_unsure_route_counts_for_its_floor() -> None:
    p = problem_from(enough=[[1, 1, 0.1]] * 4, floors=1, pinned=[{"unit": "72", "language": "ko"}])
    assert not p.allowed[:, 2].any()
    assert p.floors.tolist() == [1, 1, 1]


# --- floors -----------------------------------------------------------------------------------


def test_floors_as_a_number_a_share_and_a_table() -> None:
    assert problem_from(floors=0).floors.tolist() == [0, 0, 0]
    assert problem_from(buses=7, floors=2).floors.tolist() == [2, 2, 2]
    share = problem_from(floors="10%")
    assert share.floors.tolist() == [0, 0, 0]
    assert share.floor_people.tolist() == pytest.approx([100, 40, 10])
    mixed = problem_from(floors={"es": 2, "ko": "25%"})
    assert mixed.floors.tolist() == [2, 1, 0]  # Russian keeps the bus of every language
    assert mixed.floor_people.tolist() == [0, 0, 25]


def test_floors_of_languages_of_one_group() -> None:
    assert problem_from(languages=("es", "ru", "uk")).floors.tolist() == [1, 2]
    p = problem_from(languages=("es", "ru", "uk"), floors={"ru": "20%", "uk": "10%"})
    assert p.floor_people.tolist() == [0, 80]


def test_fewer_buses_than_languages_keep_the_larger() -> None:
    notices = Notices()
    assert problem_from(buses=2, notices=notices).floors.tolist() == [1, 1, 0]
    said = {notice.code: notice for notice in notices}
    assert said["language_not_posted"].message.startswith("No bus is left for Korean: placement.buses = 2 ")


def test_floors_nobody_asked_for_give_way_to_one_that_somebody_did() -> None:
    # four of five buses are Korean's by the campaign: of the others only Spanish keeps one
    notices = Notices()
    assert problem_from(floors={"ko": 4}, notices=notices).floors.tolist() == [1, 0, 4]
    assert "No bus is left for Russian:" in next(iter(notices)).message


def test_an_unsure_language_may_hang_where_it_likeliest_lives() -> None:
    notices = Notices()
    p = problem_from(enough=[[1, 1, 0.3], [1, 1, 0.6], [1, 1, 0.2], [1, 1, 0]], notices=notices)
    assert p.allowed[:, 2].tolist() == [False, True, False, False]
    assert p.floors.tolist() == [1, 1, 1]
    said = {notice.code: notice.message for notice in notices}["floor_unsure"]
    assert said.startswith("Korean: no route serves 100 people with the 80% asked for ")
    assert said.endswith("its one card may hang on 9 Powell, the likeliest (60%).")
    assert p.copies[2] == 1, "more than that would hang on doubt"
    assert (p.copies[:2] > 9).all()


def test_a_language_that_lives_nowhere_near_gives_way() -> None:
    notices = Notices()
    p = problem_from(enough=[[1, 1, 0]] * 4, notices=notices)
    assert p.floors.tolist() == [1, 1, 0]
    assert [notice.code for notice in notices] == ["language_not_posted"]


# --- copies and weights -----------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.integers(0, 300),
    st.sampled_from([0.0, 0.05, 0.1, 0.15, 0.2, 1 / 3, 0.5, 1.0, 2.5]),
    st.integers(1, 60),
)
def test_most_cards_that_hang_with_their_spares(copies: int, spares: float, weeks: int) -> None:
    share = spares * ceil(weeks / 8)
    most = max(n for n in range(copies + 1) if n + ceil(n * share - 1e-9) <= copies)
    assert hanging_copies(copies, spares, weeks) == most


def test_spares_by_hand() -> None:
    # 20 that hang and 15 % of them, 3, are 23; from the ninth week another 15 %
    assert hanging_copies(23, 0.15, 4) == hanging_copies(23, 0.15, 8) == 20
    assert hanging_copies(22, 0.15, 4) == 19
    assert hanging_copies(26, 0.15, 9) == 20


def test_copies_of_the_campaign() -> None:
    notices = Notices()
    assert problem_from(posters={"copies": 23}, notices=notices).copies.tolist() == [20, 20, 20]
    assert len(notices) == 0
    p = problem_from(posters={"copies": {"es": 23, "ko": 2}}, notices=notices)
    assert p.copies.tolist() == [20, NO_LIMIT, 1]
    problem_from(posters={"copies": 2}, notices=notices)  # one of each hangs
    assert [notice.message for notice in notices] == [
        "posters.copies, less the spares, are 3 cards for 5 places; some stay empty."
    ]
    assert problem_from(languages=("es", "ru", "uk"), posters={"copies": 23}).copies.tolist() == [20, 40]


def test_fewer_copies_than_none() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        problem_from(posters={"copies": {"es": -3}})


def test_weights_of_the_campaign() -> None:
    def weights(wished: object, **more: object) -> list[float]:
        return np.asarray(problem_from(weights=wished, **more).weights).tolist()  # type: ignore[arg-type]

    assert weights("people") == [1, 1, 1]
    assert problem_from(weights="proportional").weights is None
    assert weights({"ko": 2.5, "es": 0.0}) == [0, 1, 2.5]
    assert weights({"ru": 3.0, "uk": 1.0}, languages=("es", "ru", "uk")) == [1, 2]
    # a tenth of any language is worth the same: 100, 40 and 10 people
    assert np.array(weights("languages")) * [100, 40, 10] == pytest.approx([50, 50, 50])
    assert equal_weights(np.array([30.0, 0.0])).tolist() == [1, 0]
    for wrong in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=r"placement\.weights"):
            problem_from(weights={"ko": wrong})

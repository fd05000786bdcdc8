"""What is proven and sure of a plan, in plain sentences for the terminal and the report."""

from dataclasses import replace
from typing import TYPE_CHECKING

from targeting.posting import following_audience
from targeting.wording import about, at_most, count, small_share

if TYPE_CHECKING:
    from targeting.plan import Plan

PROVEN = 5e-7  # a smaller gap is the rounding of sums
MOVES = 0.005  # a smaller share of the reach that interlining moves is not worth a sentence


def proofs(plan: "Plan") -> list[str]:
    """Return how good the placement is, whether another sample would change it, and where cards go."""
    found, people = plan.posting.solution, plan.robustness
    placement = plan.scores.campaign.placement
    sentences = []
    if found is not None:
        sentences.append(f"Proven: {no_better(found.gap, str(placement.weights), robust=placement.robust)}.")
    if people is not None:
        total, smallest = people.iloc[-1], plan.scores.campaign.certainty.smallest_count
        few = int((plan.placements["certainty"] < 0.5).sum())
        comes = "comes" if few == 1 else "come"
        unsure = f"; {few} of {len(plan.placements)} placements {comes} back in under half" if few else ""
        sentences.append(
            f"Over {plan.scores.campaign.certainty.redraws:,} redraws of the census figures the plan reaches "
            f"{count(total['reach_low'], smallest)} to {count(total['reach_high'], smallest)} people in nine "
            "of ten, and "
            f"{lost(total['regret'], str(placement.weights))} the best plan of each{unsure}."
        )
    return sentences


def no_better(gap: float, weights: str, *, robust: bool) -> str:
    """Return how much better the best placement may be.

    Parameters
    ----------
    gap : float
        `targeting.exact.Solution.gap`.
    weights : str
        `placement.weights`.
    robust : bool
        Whether the mean over the redraws was maximised.
    """
    more = "more" if gap < PROVEN else f"more than {at_most(gap)} more"
    said = f"is worth {more} by the campaign's weights"
    if weights == "people":
        said = f"reaches {more} people"
    elif weights == "proportional":
        said = f"reaches {more} in the geometric mean of the languages"
    mean = " on average over the redraws" if robust else ""
    return f"no placement of these buses under the campaign's wishes {said}{mean}"


def lost(regret: float, weights: str) -> str:
    """Return what the plan loses against the best plan of each redraw: "on average reaches … than"."""
    share = small_share(regret)
    if weights == "people":
        return f"on average reaches {share} fewer people than"
    if weights == "proportional":
        return f"on average reaches {share} less in the geometric mean of the languages than"
    return f"on average is worth {share} less by the campaign's weights than"


def assumption(plan: "Plan") -> str:
    """Return on how many rides and visits the reach rests, and what half and twice as many would reach."""
    posting, placement, venues = plan.posting, plan.scores.campaign.placement, plan.scores.campaign.venues
    audience, smallest = posting.problem.audience, plan.scores.campaign.certainty.smallest_count
    half, twice = (
        float(replace(audience, rides=audience.rides * factor).reach(posting.cards).sum())
        for factor in (0.5, 2.0)
    )
    said = []
    if posting.cards[~posting.problem.venue].any():
        boardings = "boarding" if placement.rides_per_week == 1 else "boardings"
        said.append(
            f"{placement.rides_per_week:g} {boardings} a week by a resident with service like the mean "
            "(placement.rides_per_week)"
        )
    if venues is not None and posting.cards[posting.problem.venue].any():
        visits = "visit" if venues.visits_per_week == 1 else "visits"
        said.append(
            f"{venues.visits_per_week:g} {visits} a week to each venue by a resident near it "
            "(venues.visits_per_week)"
        )
    if not said:
        return ""
    return (
        f"Reach assumes {' and '.join(said)}: with half as many this plan would reach "
        f"{about(half, 0.0, smallest)} people, with twice as many {about(twice, 0.0, smallest)}."
    )


def travels(plan: "Plan") -> str:
    """Return how far cards ordered for routes travel, and how much reach that moves."""
    scores = plan.scores
    ordered = plan.placements[plan.placements["unit"] == "route"]
    if not len(ordered):
        return ""
    away = float((ordered["elsewhere"].fillna(0) * ordered["buses"]).sum() / ordered["buses"].sum())
    as_ordered = float(plan.posting.problem.audience.reach(plan.posting.cards).sum())
    following = float(following_audience(scores).reach(plan.posting.cards).sum())
    told = about(following, 0.0, scores.campaign.certainty.smallest_count)
    if not as_ordered or (away < MOVES and abs(following / as_ordered - 1) < MOVES):
        return ""
    return (
        f"Buses change routes: cards of this plan spend {away:.0%} of their hours on other routes than "
        f"ordered; counted wherever they go, the plan reaches {told} people "
        f"({following / as_ordered - 1:+.1%})."
    )


def apportioned(plan: "Plan") -> str:
    """Return for how many placements it matters where in a tract people are taken to live."""
    if plan.scores.inputs.points is None:
        return ""
    keys = ["route_id", "language"]
    ordered = plan.placements[plan.placements["unit"] == "route"].rename(columns={"unit_id": "route_id"})
    rows = ordered.merge(plan.routes[[*keys, "served_area"]], on=keys, how="left")
    apart = rows[(rows["served"] - rows["served_area"]).abs() > rows["served_moe"]]
    if apart.empty:
        return ""
    worst = apart.loc[(apart["served"] - apart["served_area"]).abs().idxmax()]
    smallest = plan.scores.campaign.certainty.smallest_count
    return (
        f"Spread evenly over the tracts instead, {len(apart):,} of {len(rows):,} placements would serve more "
        f"or fewer people than their ± covers ({worst['unit_name']}, {worst['language_name']}: "
        f"{count(worst['served_area'], smallest)} instead of {count(worst['served'], smallest)})."
    )

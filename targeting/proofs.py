"""What is proven and sure of a plan, in plain sentences for the terminal and the report."""

from dataclasses import replace
from typing import TYPE_CHECKING

from targeting.posting import following_audience
from targeting.wording import about, at_most, count, listed, small_share

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


def evenly(plan: "Plan") -> str:
    """Return whom the plan would serve and reach if people lived evenly over their tracts."""
    if plan.evenly is None:
        return ""
    smallest = plan.scores.campaign.certainty.smallest_count
    total = plan.strategies[plan.strategies["chosen"] & (plan.strategies["language"] == "")].iloc[0]
    near, reached = (about(plan.evenly[name], 0.0, smallest) for name in ("served", "reach"))
    pairs = [(plan.evenly[name], float(total[name])) for name in ("served", "reach")]
    told = f" ({_changes(pairs)})" if min(map(min, pairs)) >= smallest else ""
    return (
        "No ± covers where in a tract people live: spread evenly over it instead of by population points, "
        f"{near} would be near such a poster and {reached} be reached{told}."
    )


def _changes(pairs: list[tuple[float, float]]) -> str:
    """Return by how much each first figure differs from its second: "15% and 16% fewer"."""
    words = [
        (f"{abs(other / own - 1):.0%}", "more" if other > own else "fewer")
        if abs(other / own - 1) >= 0.005
        else ("as many", "")
        for other, own in pairs
    ]
    if len({way for _, way in words}) == 1:
        return f"{listed(list(dict.fromkeys(size for size, _ in words)))} {words[0][1]}".strip()
    return listed([f"{size} {way}".strip() for size, way in words])


def apportioned(plan: "Plan") -> str:
    """Return for how many placements it matters where in a tract people are taken to live, and which way."""
    if plan.scores.inputs.points is None:
        return ""
    keys = ["route_id", "language"]
    ordered = plan.placements[plan.placements["unit"] == "route"].rename(columns={"unit_id": "route_id"})
    if ordered.empty:
        return ""
    rows = ordered.merge(plan.routes[[*keys, "served_area"]], on=keys, how="left")
    less = rows["served_area"] - rows["served"]
    fewer, more, apart = int((less < 0).sum()), int((less > 0).sum()), less.abs() > rows["served_moe"]
    said = f"{fewer:,} of {len(rows):,} placements would serve fewer people and {more:,} more"
    if not apart.any():
        return f"Spread evenly over the tracts instead, {said}, all within their ±."
    worst, smallest = rows.loc[less[apart].abs().idxmax()], plan.scores.campaign.certainty.smallest_count
    return (
        f"Spread evenly over the tracts instead, {said}; for {int(apart.sum()):,} of them the difference is "
        f"larger than their ± ({worst['unit_name']}, {worst['language_name']}: "
        f"{count(worst['served_area'], smallest)} instead of {count(worst['served'], smallest)})."
    )

"""The interlining chart: which routes share their buses, so where a card really travels.

A circle is a route, its area the vehicles it needs; a line joins two routes that one vehicle's day
serves, thicker the more hours they share. Routes of one family have one colour. Where nearly every
route shares with every other, weak ties are left out and the words beneath say which.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from targeting.write.map_style import OTHER_COLORS
from targeting.write.svg import PAPER, QUIET, TEXT, Chart, element, text, text_width

# Shares of the smaller route's vehicle-hours below which a tie is left out: the first that thins enough
SHARES = (0.0, 0.02, 0.05, 0.10, 0.15, 0.20, 0.25, 0.33, 0.5)
TIES_PER_ROUTE = 1.5
LABEL_SIZE = 12
LISTED = 60


@dataclass(frozen=True)
class _Tie:
    one: str
    other: str
    hours: float
    share: float


def interlining_chart(
    graph: nx.Graph, families: Sequence[Sequence[str]], names: Mapping[str, str], *, width: int = 860
) -> Chart | None:
    """Return the routes that share vehicles as a picture; None where none do.

    Parameters
    ----------
    graph : networkx.Graph
        Nodes are route ids with `hours` (vehicle-hours a week) and `vehicles`; edges have `weight`,
        the vehicle-hours of blocks that serve both.
    families : sequence of route ids
        Routes that are ordered together have one colour.
    names : mapping
        Short name of each route by its id.
    width : int
        Width of the picture, in pixels.
    """
    ties, _ = _drawn_ties(graph)
    if not ties:
        return None
    drawn = nx.Graph((tie.one, tie.other) for tie in ties)
    radius = {route: _radius(graph, route) for route in drawn}
    places, height = _layout(drawn, radius, {route: str(names.get(route, route)) for route in drawn}, width)
    color = {
        route: OTHER_COLORS[place % len(OTHER_COLORS)]
        for place, family in enumerate(each for each in families if len(each) > 1)
        for route in family
    }
    most = max(tie.hours for tie in ties)
    body = [
        element(
            "path", d="M{} {}L{} {}".format(*places[tie.one], *places[tie.other]), fill="none",
            stroke="#aab3bf", stroke_width=1 + 6 * tie.hours / most if most else 1, stroke_linecap="round",
        )
        for tie in sorted(ties, key=lambda tie: (tie.hours, tie.one, tie.other))
    ]  # fmt: skip
    for route in sorted(drawn):
        x, y = places[route]
        name = str(names.get(route, route))
        body.append(
            element(
                "circle", cx=x, cy=y, r=radius[route], fill=color.get(route, QUIET), stroke=PAPER,
                stroke_width=2,
            )
        )  # fmt: skip
        inside = text_width(name, LABEL_SIZE) <= 2 * radius[route] - 4
        body.append(
            text(x, y + 4, name, anchor="middle", font_size=LABEL_SIZE, font_weight=650, fill=PAPER)
            if inside
            else text(
                x, y + radius[route] + 12, name, anchor="middle", font_size=LABEL_SIZE, font_weight=600,
                fill=TEXT, paint_order="stroke", stroke=PAPER, stroke_width=3.5, stroke_linejoin="round",
            )
        )  # fmt: skip
    strongest = max(ties, key=lambda tie: (tie.hours, tie.one, tie.other))
    pair = " and ".join(str(names.get(route, route)) for route in (strongest.one, strongest.other))
    return Chart(
        f"interlining-{width}",
        "Routes that share vehicles",
        f"{len(drawn):,} routes, {len(ties):,} pairs. The strongest, {pair}, shares blocks of "
        f"{strongest.hours:,.0f} vehicle-hours.",
        width, height, tuple(body),
    )  # fmt: skip


def interlining_words(graph: nx.Graph, names: Mapping[str, str]) -> list[str]:
    """Return what stands beneath the chart: what was left out, and the routes that never share."""
    ties, share = _drawn_ties(graph)
    left = graph.number_of_edges() - len(ties)
    words = []
    if left:
        words.append(
            f"Drawn are pairs that share at least {share:.0%} of the smaller route's vehicle-hours, and each "
            f"route's strongest pair; {left:,} weaker {'pair is' if left == 1 else 'pairs are'} left out."
        )
    alone = [str(names.get(route, route)) for route in graph if not graph.degree(route)]
    if alone:
        alone.sort(key=_by_number)
        more = f" and {len(alone) - LISTED:,} more" if len(alone) > LISTED else ""
        never = "never shares" if len(alone) == 1 else "never share"
        words.append(
            f"{len(alone):,} of {len(graph):,} {never} a vehicle with another route: "
            f"{', '.join(alone[:LISTED])}{more}."
        )
    elif len(graph):
        words.append("Every route shares vehicles with another.")
    return words


def _by_number(name: str) -> tuple[int, str]:
    """Sort 9 before 10, and names without a number last."""
    digits = "".join(character for character in name if character.isascii() and character.isdigit())
    return int(digits) if digits else 10**9, name


def _drawn_ties(graph: nx.Graph) -> tuple[list[_Tie], float]:
    """Return the ties to draw, and the share below which the others were left out."""
    ties = []
    for one, other in sorted(sorted(edge) for edge in graph.edges):
        hours = float(graph.edges[one, other]["weight"])
        smaller = min(float(graph.nodes[route]["hours"]) for route in (one, other))
        ties.append(_Tie(one, other, hours, hours / smaller if smaller > 0 else 1.0))
    strongest: dict[str, _Tie] = {}
    for tie in ties:
        for route in (tie.one, tie.other):
            if route not in strongest or tie.share > strongest[route].share:
                strongest[route] = tie
    kept, share = ties, 0.0
    for share in SHARES:
        kept = [
            tie for tie in ties if tie.share >= share or tie in (strongest[tie.one], strongest[tie.other])
        ]
        if len(kept) <= max(TIES_PER_ROUTE * len(strongest), 12):
            break
    return kept, share


def _radius(graph: nx.Graph, route: str) -> float:
    """Return a circle's radius in pixels: its area follows the vehicles, and one still shows a number."""
    return round(9.0 + 2.6 * math.sqrt(graph.nodes[route]["vehicles"]), 1)


def _layout(
    graph: nx.Graph, radius: Mapping[str, float], names: Mapping[str, str], width: int
) -> tuple[dict[str, tuple[int, int]], int]:
    """Return whole-pixel places for the routes, each group of ties in a box of its own, and the height."""
    groups = sorted((sorted(group) for group in nx.connected_components(graph)), key=lambda g: (-len(g), g))
    places: dict[str, tuple[int, int]] = {}
    left = top = row_height = 0.0
    for group in groups:
        half = np.array([_half_box(radius[route], names[route]) for route in group])
        needed = float((4 * half[:, 0] * half[:, 1]).sum())
        wide = min(float(width), max((needed * 6.0) ** 0.5, 4.6 * half[:, 0].max()))
        if wide > 0.6 * width:
            wide = float(width)
        high = max(needed * (6.0 if len(group) > 2 else 3.0) / wide, 3.2 * half[:, 1].max())
        if left and left + wide > width:
            left, top, row_height = 0.0, top + row_height, 0.0
        spots = _in_box(graph.subgraph(group), group, half, wide, high)
        for route, (x, y) in zip(group, spots, strict=True):
            places[route] = (round(left + x), round(top + y))
        left, row_height = left + wide, max(row_height, high)
    return places, round(top + row_height)


def _half_box(radius: float, name: str) -> tuple[float, float]:
    """Return half the width and height that a route needs, its label and a little air included."""
    wide = text_width(name, LABEL_SIZE)
    below = 12.0 if wide > 2 * radius - 4 else 0.0
    return max(radius, wide / 2) + 4, radius + below + 4


def _in_box(
    graph: nx.Graph, group: Sequence[str], half: npt.NDArray[np.float64], wide: float, high: float
) -> npt.NDArray[np.float64]:
    """Return places in a box: near where ties are strong, then pushed apart until nothing overlaps."""
    ordered = nx.Graph()
    ordered.add_nodes_from(group)
    ordered.add_edges_from(sorted(tuple(sorted(edge)) for edge in graph.edges))
    found = nx.kamada_kawai_layout(ordered)
    spots = np.array([found[route] for route in group])
    span = np.ptp(spots, axis=0)
    unit = np.where(span > 1e-6, (spots - spots.min(axis=0)) / np.where(span > 1e-6, span, 1.0), 0.5)
    size = np.array([wide, high])
    spots = half + unit * (size - 2 * half)
    for _ in range(400):
        apart = spots[:, None] - spots[None]
        over = half[:, None] + half[None] - np.abs(apart)
        clash = (over > 0).all(axis=2) & ~np.eye(len(group), dtype=bool)
        if not clash.any():
            break
        # the axis along which they overlap less is the shorter way out
        way = np.where(over[..., 0] < over[..., 1], 0, 1)
        for one, other in zip(*np.nonzero(np.triu(clash)), strict=True):
            axis = way[one, other]
            push = over[one, other, axis] / 4 * (1.0 if apart[one, other, axis] >= 0 else -1.0)
            spots[one, axis] += push
            spots[other, axis] -= push
        spots = np.clip(spots, half, np.maximum(size - half, half))
    return spots

"""Charts of the report: reach by language, and reach against the number of buses.

Both charts are drawn for a given width and never scaled up: the page holds one for paper and wide
screens and one for telephones, so that letters stay as large as the text around them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from targeting.wording import ALL_LANGUAGES, about, count
from targeting.write.map_style import language_style
from targeting.write.svg import (
    GRID,
    LINE_HEIGHT,
    PAPER,
    QUIET,
    SIZE,
    TEXT,
    Chart,
    Mark,
    element,
    round_ticks,
    spread,
    text,
    text_width,
)  # fmt: skip

NARROW = 480
BAR_HEIGHT = 16
# A fleet so many times the budget is drawn apart, or the budget would be a dot at the left edge
SHOWN_BUDGETS = 3


def reach_bars(rows: pd.DataFrame, *, smallest: float = 10.0, width: int = 860) -> Chart:
    """Return horizontal bars of the people reached, by language, with their 90% margins.

    Parameters
    ----------
    rows : DataFrame
        `language` (tag), `language_name`, `reach` and `reach_moe` (people); drawn in this order.
    smallest : float
        People below which a count is not told.
    width : int
        Width of the picture, in pixels; below 480 the words stand over the bars.
    """
    narrow = width < NARROW
    labels = [
        about(reach, moe, smallest) for reach, moe in zip(rows["reach"], rows["reach_moe"], strict=True)
    ]
    margins = rows["reach_moe"].fillna(0.0)
    ticks = round_ticks(float((rows["reach"] + margins).max()), 4 if narrow else 7)
    names = list(map(str, rows["language_name"]))
    left = 1.0 if narrow else max(map(text_width, names)) + 12
    right = width - (text_width(f"{ticks[-1]:,}") / 2 if narrow else max(map(text_width, labels)) + 14)
    step = 2 * LINE_HEIGHT + 12 if narrow else min(34, max(22, 168 // max(len(rows), 1)))
    height = step * len(rows) + 26
    scale = _Scale(0.0, float(ticks[-1]), left, right)
    body = [_grid_line(scale(tick), height - 20) for tick in ticks]
    body += [_axis_number(scale(tick), height - 5, tick, scale) for tick in ticks]
    for place, row in enumerate(rows.assign(label=labels, margin=margins).itertuples(index=False)):
        middle = step * place + (LINE_HEIGHT + 14 if narrow else step / 2)
        low, high = scale(max(row.reach - row.margin, 0.0)), scale(row.reach + row.margin)
        few = row.label.startswith("under")
        body.append(
            element(
                "rect",
                class_="bar",
                x=left,
                y=middle - BAR_HEIGHT / 2,
                height=BAR_HEIGHT,
                width=scale(row.reach) - left,
                fill=language_style(row.language)["color"],
            )
        )
        if row.margin > 0 and not few:
            body.append(
                element(
                    "path",
                    class_="whisker",
                    fill="none",
                    stroke=TEXT,
                    stroke_width=1.5,
                    d=f"M{low:.1f} {middle - 5:.1f}v10M{low:.1f} {middle:.1f}H{high:.1f}m0 -5v10",
                )
            )
        if narrow:
            over = middle - BAR_HEIGHT / 2 - 6
            body.append(text(left, over, row.language_name, font_weight=600))
            body.append(text(float(width - 1), over, row.label, anchor="end"))
        else:
            body.append(text(left - 10, middle + 4.5, row.language_name, anchor="end", font_weight=600))
            body.append(text(high + 8, middle + 4.5, row.label, **_HALO))
    said = "; ".join(f"{name} {label}" for name, label in zip(names, labels, strict=True))
    return Chart(
        f"reach-{width}", "People the plan reaches, by language", f"{said}.", width, height, tuple(body)
    )


def budget_chart(
    curve: pd.DataFrame,
    names: Mapping[str, str],
    *,
    width: int = 860,
    least_height: int = 330,
    smallest: float = 0.0,
) -> Chart:
    """Return reach against the number of buses, in all and by language.

    Where the fleet is much larger than the budget, the numbers near the budget have a chart of their
    own and the whole fleet stands beside it (below it on a narrow page), the first one's part shaded.

    Parameters
    ----------
    curve : DataFrame
        One row a number of `buses` from 0 to the fleet: `reach` (people, all languages),
        `reach_<tag>`, and `chosen`, true on the campaign's budget.
    names : mapping
        English name of each language by its tag, in the order to draw.
    width, least_height : int
        Of the picture, in pixels; many languages make it higher.
    smallest : float
        Fewer people than these are not told as a number.
    """
    curve = curve.sort_values("buses", kind="stable")
    fleet, budget = int(curve["buses"].iloc[-1]), budget_of(curve)
    split = budget > 0 and fleet > (SHOWN_BUDGETS + 0.5) * budget
    shown = round_ticks(SHOWN_BUDGETS * budget)[-1] if split else fleet
    narrow = width < NARROW
    labels = {"": ALL_LANGUAGES, **names}
    room = max(map(text_width, labels.values())) + 34
    left = text_width(f"{round_ticks(float(curve['reach'].max()))[-1]:,}", 12) + 9
    height = max(least_height, LINE_HEIGHT * len(labels) + 90)
    beside = 250 if split and not narrow else 0
    body = _lines(
        curve[curve["buses"] <= shown], labels, _Frame(left, 26, width - beside - room, height - 44),
        budget=budget, title=f"people reached, up to {shown:,} buses" if split else "people reached",
        smallest=smallest,
    )  # fmt: skip
    total: float = height
    if split:
        low = height + 26 if narrow else 26
        frame = _Frame(
            left if narrow else width - beside + 16 + left,
            low,
            width - text_width(f"{fleet:,}", 12) / 2,
            low + (180 if narrow else height - 70),
        )
        body += _lines(
            curve, labels, frame, budget=budget, title=f"all {fleet:,} buses out at once", shade=shown,
            labelled=False,
        )  # fmt: skip
        total = max(height, frame.bottom + 44)
    at_budget, at_fleet = (
        float(curve.loc[curve["buses"] == each, "reach"].iloc[0]) for each in (budget, fleet)
    )
    return Chart(
        f"budget-{width}",
        "People reached against the number of buses",
        f"{_buses(budget)} reach {about(at_budget, 0.0, smallest)} people; all {fleet:,} out at once "
        f"would reach {about(at_fleet, 0.0, smallest)}. One line for all languages and one a language: "
        f"{', '.join(map(str, names.values()))}. The table after the chart has the numbers.",
        width, total, tuple(body),
    )  # fmt: skip


def budget_of(curve: pd.DataFrame) -> int:
    """Return the campaign's number of buses: the chosen row's."""
    return int(curve.loc[curve["chosen"], "buses"].iloc[0])


def budget_rows(curve: pd.DataFrame) -> pd.DataFrame:
    """Return what other budgets would buy.

    Returns
    -------
    DataFrame
        One row for no bus, half the budget, the budget, 10 buses more, half as many again, twice as
        many and the whole fleet: `buses`, `reach` (people), `gain` (people that each bus adds to the
        row before, on average), `chosen`. Numbers that the curve lacks are taken at the next lower one.
    """
    curve = curve.sort_values("buses", kind="stable")
    budget, fleet = budget_of(curve), int(curve["buses"].iloc[-1])
    wanted = sorted({0, budget // 2, budget, budget + 10, budget + budget // 2, 2 * budget, fleet})
    known = [curve["buses"].searchsorted(number, side="right") - 1 for number in wanted if number <= fleet]
    rows = curve.iloc[sorted(set(known))][["buses", "reach", "chosen"]].reset_index(drop=True)
    return rows.assign(gain=rows["reach"].diff() / rows["buses"].diff())


_HALO = {"paint_order": "stroke", "stroke": PAPER, "stroke_width": 4, "stroke_linejoin": "round"}


@dataclass(frozen=True)
class _Scale:
    """From numbers to pixels, in a straight line."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True)
class _Frame:
    """The rectangle of a chart within its axes, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def _lines(
    curve: pd.DataFrame,
    labels: Mapping[str, str],
    frame: _Frame,
    *,
    budget: int,
    title: str,
    shade: int = 0,
    labelled: bool = True,
    smallest: float = 0.0,
) -> list[Mark]:
    """Return one chart of lines with its axes; the labels stand where the lines end."""
    across = round_ticks(float(curve["buses"].iloc[-1]), max(3, int((frame.right - frame.left) / 52)))
    up = round_ticks(float(curve["reach"].max()))
    x = _Scale(0.0, float(curve["buses"].iloc[-1]), frame.left, frame.right)
    y = _Scale(0.0, float(up[-1]), frame.bottom, frame.top)
    at_budget = float(curve.loc[curve["buses"] == budget, "reach"].iloc[0])
    body = []
    if shade:
        body.append(
            element(
                "rect",
                x=frame.left,
                y=frame.top,
                width=x(shade) - frame.left,
                height=frame.bottom - frame.top,
                fill="#e9f0f6",
            )
        )
    for tick in up:
        body.append(element("path", d=f"M{frame.left:.1f} {y(tick):.1f}H{frame.right:.1f}", stroke=GRID))
        body.append(text(frame.left - 7, y(tick) + 4, f"{tick:,}", anchor="end", fill=QUIET, font_size=12))
    for tick in across:
        if tick <= x.high:
            body.append(_axis_number(x(tick), frame.bottom + 17, tick, x))
    body.append(text(frame.left, frame.bottom + 35, "buses with a poster", fill=QUIET, font_size=12))
    body.append(text(max(frame.left - 46, 0.0), frame.top - 12, title, font_size=12, font_weight=600))
    body.append(
        element(
            "path",
            class_="budget",
            stroke=TEXT,
            stroke_width=1,
            stroke_dasharray="2 3",
            d=f"M{x(budget):.1f} {frame.bottom:.1f}V{y(at_budget):.1f}",
        )
    )
    ends = []
    for tag in reversed(list(labels)):
        values = curve[f"reach_{tag}" if tag else "reach"]
        style = language_style(tag) if tag else {"color": TEXT, "dash": ""}
        points = " ".join(
            f"{x(bus):.1f},{y(reach):.1f}" for bus, reach in zip(curve["buses"], values, strict=True)
        )
        body.append(
            element(
                "polyline",
                points=points,
                fill="none",
                stroke=style["color"],
                stroke_linejoin="round",
                stroke_width=(1.8 if tag else 2.6) if labelled else (1.2 if tag else 2.0),
                stroke_dasharray=style["dash"] if labelled else "",
            )
        )
        ends.append((labels[tag], style["color"], y(float(values.iloc[-1]))))
    if labelled:
        body += _end_labels(ends, frame)
    words = (_buses(budget), about(at_budget, 0.0, smallest)) if labelled else ()
    body += _budget_mark(budget, at_budget, x, y, frame, words)
    return body


def _end_labels(ends: Sequence[tuple[str, str, float]], frame: _Frame) -> list[Mark]:
    """Return the labels at the lines' ends, kept apart, each tied to its line."""
    places = spread([y for _, _, y in ends], LINE_HEIGHT, frame.top, frame.bottom)
    body = []
    for (label, color, y), place in zip(ends, places, strict=True):
        tie = f"M{frame.right + 2:.1f} {y:.1f}L{frame.right + 18:.1f} {place:.1f}"
        body.append(element("path", d=tie, stroke=color, fill="none"))
        body.append(text(frame.right + 22, place + 4.5, label, class_="label", fill=color, font_weight=600))
    return body


def _buses(number: int) -> str:
    return f"{number:,} bus" if number == 1 else f"{number:,} buses"


def _budget_mark(
    budget: int, reach: float, x: _Scale, y: _Scale, frame: _Frame, words: Sequence[str]
) -> list[Mark]:
    """Return the point at the campaign's budget, with words on it if there are any."""
    body = [
        element(
            "circle", class_="mark", cx=x(budget), cy=y(reach), r=5, fill=PAPER, stroke=TEXT,
            stroke_width=2.5,
        )
    ]  # fmt: skip
    if words:
        wide = max(map(text_width, words))
        # a line that only flattens leaves the paper above and left of it free, the corner first of all
        beside = x(budget) - 9 - wide > frame.left and y(reach) - 24 > frame.top + SIZE
        end, high = (x(budget) - 9, y(reach) - 24) if beside else (frame.left + wide + 6, frame.top + SIZE)
        body += [
            text(end, high + place * 16, line, anchor="end", font_weight=600, **_HALO)
            for place, line in enumerate(words)
        ]
    return body


def _grid_line(x: float, bottom: float) -> Mark:
    return element("path", d=f"M{x:.1f} 0V{bottom:.1f}", stroke=GRID)


def _axis_number(x: float, y: float, tick: int, scale: _Scale) -> Mark:
    """Return a number under an axis; the first and last stay within the picture."""
    words = count(tick, 0.0)
    anchor = "start" if tick == 0 and scale.start < text_width(words) else "middle"
    return text(x, y, words, anchor=anchor, fill=QUIET, font_size=12)

"""What stands beside the map of a picture: figures by language, a legend of what is shown, and notes."""

from typing import Any

import shapely

from targeting.write.picture_data import Drawing, Shown
from targeting.write.picture_map import ALTERNATE, GREY, OUTSIDE, QUIET, Tint, dash_of, draw_venue
from targeting.write.picture_sheet import Sheet, fit, shows, wrap

HEADING, BODY, SMALL = 8.4, 7.3, 6.4
SOFT = "#5d6368"
SAMPLE = 24.0  # length of a line in the legend
ROW, LEAST_ROW = 20.0, 9.0
LEGEND_ROOM = 215.0  # points that legend and notes need below the table


class _Column:
    """Writes downwards from the top of a panel."""

    def __init__(self, sheet: Sheet, left: float, top: float, width: float, bottom: float) -> None:
        self.sheet, self.left, self.width, self.bottom = sheet, left, width, bottom
        self.y = top

    def heading(self, text: str) -> None:
        self.y -= HEADING + 2
        self.sheet.words(self.left, self.y, fit(text, HEADING, self.width, bold=True), HEADING, bold=True)
        self.y -= 4

    def rule(self) -> None:
        self.sheet.lines(
            shapely.LineString([(self.left, self.y), (self.left + self.width, self.y)]),
            color=QUIET,
            width=0.5,
        )

    def prose(self, text: str, size: float = SMALL) -> None:
        room = int((self.y - self.bottom) / (size + 1.8))
        for line in wrap(text, size, self.width, lines=max(room, 1)):
            self.y -= size + 1.8
            self.sheet.words(self.left, self.y, line, size, color=SOFT)
        self.y -= 3

    def sign(self, text: str) -> float:
        """Write the words of a sign of the legend; return the height of its middle."""
        first, *more = wrap(text, BODY, self.width - SAMPLE - 6, lines=2)
        self.y -= BODY + 3.5
        middle = self.y + 2.4
        self.sheet.words(self.left + SAMPLE + 6, self.y, first, BODY)
        for line in more:
            self.y -= BODY + 1.5
            self.sheet.words(self.left + SAMPLE + 6, self.y, line, BODY)
        return middle

    def line_sign(self, text: str, **look: Any) -> None:
        y = self.sign(text)
        self.sheet.lines(shapely.LineString([(self.left, y), (self.left + SAMPLE, y)]), **look)

    def swatches(self, tint: Tint) -> None:
        for color, text in tint.legend:
            y = self.sign(text)
            self.sheet.box(self.left, y - 3.5, SAMPLE, 7, fill=color, edge=QUIET, edge_width=0.4)

    def outside(self) -> None:
        y = self.sign("outside the census tracts of the plan")
        self.sheet.box(self.left, y - 3.5, SAMPLE, 7, fill=OUTSIDE, edge=QUIET, edge_width=0.4)

    def cells(
        self, y: float, texts: list[str], size: float, *, bold: bool = False, color: str = "#22262b"
    ) -> None:
        """Write texts right-aligned in columns from the right."""
        for place, text in enumerate(reversed(texts)):
            self.sheet.words(
                self.left + self.width - 52 * place, y, text, size, bold=bold, color=color, align="right"
            )  # fmt: skip


def draw_plan_panel(
    sheet: Sheet,
    left: float,
    top: float,
    width: float,
    bottom: float,
    drawing: Drawing,
    tint: Tint,
    outside: bool,
) -> None:
    """Draw the figures of all languages, and the legend of the plan's map."""
    column = _Column(sheet, left, top, width, bottom)
    column.heading("Languages on posters")
    _table(column, drawing)
    column.y -= 9
    column.heading("On the map")
    _routes_legend(column, drawing, None)
    if tint.legend:
        column.y -= 9
        column.heading(f"{_speakers(drawing)} of these languages")
        column.y -= SMALL + 1
        sheet.words(
            left, column.y, "people per square mile of the census tract; white: none", SMALL, color=SOFT
        )
        column.swatches(tint)
    if outside:
        column.outside()
    column.y -= 9
    _notes(column, drawing)


def draw_legend(
    sheet: Sheet, left: float, top: float, width: float, drawing: Drawing, tint: Tint, outside: bool
) -> None:
    """Draw the legend of the plan's map without figures: languages, signs and tints."""
    column = _Column(sheet, left, top, width, 0.0)
    column.heading("Posters in")
    for shown in drawing.languages:
        column.line_sign(shown.english_name, color=shown.color, width=2.1, dash=dash_of(shown))
    column.y -= 5
    _routes_legend(column, drawing, None)
    if tint.legend:
        column.y -= 7
        column.heading(f"{_speakers(drawing)} per sq. mile")
        column.swatches(tint)
    if outside:
        column.outside()


def draw_language_panel(
    sheet: Sheet,
    left: float,
    top: float,
    width: float,
    bottom: float,
    drawing: Drawing,
    tint: Tint,
    outside: bool,
    shown: Shown,
) -> None:
    """Draw the figures of one language, the legend of its map, and what carries it."""
    column = _Column(sheet, left, top, width, bottom)
    column.heading(shown.english_name)
    for name, value in (
        (f"{_speakers(drawing)} in the region", said(shown.people, None)),
        ("Served", said(shown.served, shown.served_moe)),
        ("Reached", said(shown.reach, shown.reach_moe)),
        ("Buses with a poster", f"{shown.buses:,}"),
        *([("Cards in venues", f"{shown.cards - shown.buses:,}")] if shown.cards > shown.buses else []),
    ):
        column.y -= BODY + 3.5
        sheet.words(left, column.y, fit(name, BODY, width - 65), BODY)
        sheet.words(left + width, column.y, value, BODY, bold=name == "Reached", align="right")
    column.y -= 9
    column.heading("On the map")
    _routes_legend(column, drawing, shown)
    if tint.legend:
        column.y -= 9
        column.heading("Share of them whom the plan reaches")
        column.y -= SMALL + 1
        sheet.words(left, column.y, "in the census tract; white: none", SMALL, color=SOFT)
        column.swatches(tint)
    if outside:
        column.outside()
    column.y -= 9
    _carriers(column, drawing, shown)
    _notes(column, drawing, shown)


def said(value: Any, margin: Any) -> str:
    """Return a figure of the tables with its margin; "under 10" has none."""
    if value is None:
        return "–"
    if not isinstance(value, int):
        return str(value)
    return f"{value:,}" + (f" ± {margin:,}" if isinstance(margin, int) else "")


def _table(column: _Column, drawing: Drawing) -> None:
    """Write a row a language: how it is drawn, its names, buses, people served and reached."""
    sheet, left = column.sheet, column.left
    column.y -= SMALL
    column.cells(column.y, ["Buses", "Served", "Reached"], SMALL, color=SOFT)
    column.y -= 3
    column.rule()
    room = column.y - column.bottom - LEGEND_ROOM
    row = min(ROW, max(room / max(len(drawing.languages), 1), LEAST_ROW))
    rows = drawing.languages[: int(room / row)]
    for shown in rows:
        y = column.y - 8
        sheet.lines(
            shapely.LineString([(left, y + 2.4), (left + SAMPLE, y + 2.4)]),
            color=shown.color,
            width=2.1,
            dash=dash_of(shown),
        )
        sheet.words(left + SAMPLE + 5, y, fit(shown.english_name, BODY, 52), BODY, bold=False)
        if not shown.cards:
            column.cells(y, ["–", "–", "–"], BODY)
        elif row >= ROW:
            column.cells(y, [f"{shown.buses:,}", said(shown.served, None), said(shown.reach, None)], BODY)
            margins = [
                f"± {margin:,}" if isinstance(value, int) and isinstance(margin, int) else ""
                for value, margin in ((shown.served, shown.served_moe), (shown.reach, shown.reach_moe))
            ]
            column.cells(y - 8, ["", *margins], SMALL, color=SOFT)
        else:
            pairs = [said(shown.served, shown.served_moe), said(shown.reach, shown.reach_moe)]
            column.cells(y, [f"{shown.buses:,}", *pairs], SMALL - 0.4)
        if row >= ROW and shows(shown.own_name) and shown.own_name != shown.english_name:
            sheet.words(left + SAMPLE + 5, y - 8, fit(shown.own_name, SMALL, 62), SMALL, color=SOFT)
        column.y -= row
    if len(rows) < len(drawing.languages):
        column.prose(f"and {len(drawing.languages) - len(rows)} more, in coverage.csv")
    column.y -= 2
    column.rule()


def _routes_legend(column: _Column, drawing: Drawing, only: Shown | None) -> None:
    carried = drawing.routes["languages"]
    tags = None if only is None else only.tag
    posted = [found for found in carried if (found if tags is None else tags in found)]
    if only is not None and posted:
        column.line_sign(
            f"route with posters in {only.english_name}", color=only.color, width=2.1, dash=dash_of(only)
        )
    if only is None and any(len(found) > 1 for found in posted):
        pair = [
            next(lang for lang in drawing.languages if lang.tag == tag) for tag in max(posted, key=len)[:2]
        ]
        y = column.sign("several colours: route with several languages")
        sample = shapely.LineString([(column.left, y), (column.left + SAMPLE, y)])
        column.sheet.lines(sample, color=pair[0].color, width=2.1)
        dash = (ALTERNATE, ALTERNATE)
        column.sheet.lines(sample, color=pair[1].color, width=2.1, dash=dash, shift=-ALTERNATE)
    if len(posted) < len(carried):
        column.line_sign(
            "other route" if only is None else "other route of the plan’s feeds", color=QUIET, width=0.8
        )
    venues = [found for found in drawing.venues["languages"] if tags is None or tags in found]
    if venues:
        y = column.sign("venue with posters")
        color = (
            only.color
            if only
            else next(shown.color for shown in drawing.languages if shown.tag == venues[0][0])
        )
        draw_venue(column.sheet, column.left + SAMPLE / 2, y, color)
    column.line_sign("county", color=GREY, width=0.8)


def _carriers(column: _Column, drawing: Drawing, shown: Shown) -> None:
    """Write which units carry a language, as many as there is room for."""
    table = drawing.plan.placements
    table = table[table["language"] == shown.tag]
    if table.empty:
        column.prose(f"No bus of this plan carries {shown.english_name}.", BODY)
        return
    column.heading("Carried by")
    column.y -= 1
    column.cells(column.y - SMALL, ["Buses"], SMALL, color=SOFT)
    column.y -= SMALL
    fit_in = max(int((column.y - column.bottom - 75) / (BODY + 3)), 1)
    rows = table if len(table) <= fit_in else table.head(fit_in - 1)
    for row in rows.itertuples(index=False):
        column.y -= BODY + 3
        column.sheet.words(column.left, column.y, fit(row.unit_name, BODY, column.width - 40), BODY)
        number = f"{int(row.cards):,} of {int(row.vehicles):,}" if row.unit != "venue" else "venue"
        column.sheet.words(column.left + column.width, column.y, number, BODY, align="right")
    if len(rows) < len(table):
        column.prose(f"and {len(table) - len(rows)} more, in placements.csv")
    column.y -= 9


def _notes(column: _Column, drawing: Drawing, only: Shown | None = None) -> None:
    weeks = float(drawing.plan.settings["posters"]["weeks"])
    hung, met = ("route or venue", "ride a posted bus or visit the venue") if len(drawing.venues) else (
        "route", "ride a posted bus"
    )  # fmt: skip
    column.prose(
        f"Served: they live within walking distance of a {hung} with a poster in their language. Reached: of "
        f"those, expected to {met} at least once in {weeks:g} week{'' if weeks == 1 else 's'}. "
        "± is the 90% margin of sampling error."
    )
    if drawing.plan.settings["region"]["measure"] == "lep":
        column.prose(
            "LEP: speaks English less than “very well” (limited English proficiency), 5 years and over."
        )
    for shown in [only] if only else drawing.languages:
        if shown.measured_as != shown.english_name:
            column.prose(f"{shown.english_name} is counted as: {shown.measured_as}.")


def _speakers(drawing: Drawing) -> str:
    return "LEP speakers" if drawing.plan.settings["region"]["measure"] == "lep" else "Speakers"

"""What the report says of what hung: sentences, and tables beside what was ordered."""

from datetime import timedelta

import pandas as pd

from targeting.hung_words import by_garage, in_short, of_no_order, share_of_plan
from targeting.wording import ALL_LANGUAGES, about
from targeting.write.document import Block, Bullets, Head, KeyFigure, KeyFigures, Paragraph, Section, Table
from targeting.write.map_style import language_style
from targeting.write.report_content import ReportContent, WhatHung
from targeting.write.report_words import counted, day

PLACES_NAMED = 6
LEFT_OUT = "postings_left_out.csv"
NOT_TOLD = "Route not written down"
KINDS = {
    "left_out": "Left out: {count} that {were} reported on rows that cannot be used ({where}).",
    "missing": "Not reported: {count} that {were} ordered and of which no row tells ({where}).",
    "late": "Late: {count} that went up after {first} ({where}).",
    "short": "Short: {count} that came down before {last} ({where}).",
    "extra": "Extra: {count} more than ordered ({where}).",
    "wrong_language": "Wrong language: {count} in a language that was not ordered there ({where}).",
}
HEADS = {
    "left_out": "On rows left out",
    "missing": "Not reported",
    "late": "Late",
    "short": "Short",
    "extra": "Extra",
    "wrong_language": "Wrong language",
}


def hung_section(content: ReportContent, hung: WhatHung) -> Section:
    """Return the section on what hung, for the summary."""
    blocks: list[Block] = [
        Paragraph(lead(content, hung), "lead"),
        KeyFigures(key_figures(content, hung)),
        by_language(hung),
    ]
    said = [*differences(hung), *rows_left_out(hung), *hung.notes]
    blocks += [Bullets(said)] if said else []
    return Section("hung", "What hung", blocks)


def places_section(hung: WhatHung) -> Section:
    """Return the section with every place where a card was ordered or hung, for the appendix."""
    return Section("hung-places", "What hung, place by place", [by_place(hung)])


def lead(content: ReportContent, hung: WhatHung) -> str:
    """Return what hung and whom it reached, in one plain paragraph."""
    table = hung.table
    planned, days = (int(table[name].sum()) for name in ("card_days_planned", "card_days_up"))
    everyone = hung.coverage.iloc[-1]
    reached = about(everyone["reach_actual"], everyone["reach_actual_moe"], content.smallest)
    more = of_no_order(hung.no_order, int(table["missing"].sum()))
    share = share_of_plan(
        everyone["reach"], everyone["reach_actual"], everyone["reach_actual_most"], content.smallest,
        at_least=hung.left_out > 0,
    )  # fmt: skip
    when = "" if hung.first is None else f" The posting date was {day(hung.first)}."
    return (
        f"{in_short(table)}, as the installers wrote down in {hung.file} "
        f"({counted(hung.rows, 'row', 'rows')}).{more and f' {more}'} All cards together hung for "
        f"{_weeks(days)} card-weeks; the plan has {_weeks(planned)}.{when} "
        f"{reached[:1].upper()}{reached[1:]} {content.people} can be expected to have met a poster in their "
        f"language{share and f': {share}'}."
    )


def not_counted(hung: WhatHung | None) -> str:
    """Return what the actual figures leave out, to be added to a note; empty where it is nothing."""
    if hung is None or not hung.left_out:
        return ""
    rows = counted(hung.left_out, "row", "rows")
    return f" Actual figures leave out {rows} of the installers' sheets that cannot be used ({LEFT_OUT})."


def rows_left_out(hung: WhatHung) -> list[str]:
    """Return where the rows that are left out are listed; nothing where there are none."""
    if not hung.left_out:
        return []
    rows = "the row that was" if hung.left_out == 1 else f"each of the {hung.left_out:,} rows that were"
    return [f"{LEFT_OUT} has {rows} left out: what is wrong with it, and how to mend it."]


def key_figures(content: ReportContent, hung: WhatHung) -> list[KeyFigure]:
    """Return whom the posters that hung served and reached."""
    everyone = hung.coverage.iloc[-1]
    least = ", at least" if hung.left_out else ""
    said = {
        "served_posted_actual": f"{content.people} near a posted route, as it hung{least}",
        "reach_actual": f"of them reached, as it hung{least}",
    }
    parts = {
        name: about(everyone[name], everyone[f"{name}_moe"], content.smallest).partition(" ± ")
        for name in said
    }
    return [KeyFigure(parts[name][0], parts[name][2], words) for name, words in said.items()]


def differences(hung: WhatHung) -> list[str]:
    """Return a sentence for each kind of difference, with its count and where it is."""
    last = None if hung.first is None else hung.first + timedelta(days=hung.days)
    said = []
    for kind, words in KINDS.items():
        rows = hung.table[hung.table[kind].fillna(0) > 0]
        if rows.empty:
            continue
        number = int(rows[kind].sum())
        said.append(
            words.format(
                count=counted(number, "card", "cards"),
                were="was" if number == 1 else "were",
                where=_where(rows, kind),
                first=hung.first and day(hung.first),
                last=last and day(last),
            )
        )
    if garages := by_garage(hung.table, "missing"):
        said.append(f"Not reported, by garage: {garages}.")
    unknown = int(hung.table.loc[hung.table["unit"] == "", "cards_up"].sum())
    if unknown:
        said.append(
            f"{counted(unknown, 'card', 'cards')} hung in buses whose route nobody wrote down; "
            "those that are not reported may be among them."
        )
    if hung.first is None:
        said.append(
            "Late and short are not counted: the campaign file gives no first day (orders.posting_date)."
        )
    return said


def _where(rows: pd.DataFrame, kind: str) -> str:
    places = [
        f"{row['language_name']} on {row['unit_name']}" + (f": {row[kind]:.0f}" if row[kind] > 1 else "")
        for row in rows.to_dict("records")
    ]
    more = len(places) - PLACES_NAMED
    return "; ".join([*places[:PLACES_NAMED], *([f"and {more:,} more places"] if more > 0 else [])])


def by_language(hung: WhatHung) -> Table:
    """Return cards and card-weeks by language, with the total."""
    kinds = [kind for kind in KINDS if hung.table[kind].notna().any()]
    order = list(dict.fromkeys([*hung.coverage["language"], *hung.table["language"]]))
    tags = [tag for tag in order if tag and (hung.table["language"] == tag).any()]
    names = dict(zip(hung.table["language"], hung.table["language_name"], strict=True))
    parts = [(names[tag], hung.table[hung.table["language"] == tag]) for tag in tags]
    return Table(
        caption="Cards ordered and hung, by language",
        heads=[
            [Head("Language", rows=2), Head("Cards", span=2 + len(kinds)), Head("Card-weeks", span=2)],
            [Head(word) for word in ("Ordered", "Hung", *(HEADS[kind] for kind in kinds), "Planned", "Hung")],
        ],
        rows=[
            [
                name,
                *(f"{part[column].sum():,.0f}" for column in ("cards_ordered", "cards_up", *kinds)),
                *(_weeks(int(part[column].sum())) for column in ("card_days_planned", "card_days_up")),
            ]
            for name, part in [*parts, (ALL_LANGUAGES, hung.table)]
        ],
        strong=[len(parts)],
        swatches=[*(language_style(tag)["color"] for tag in tags), ""],
        notes=["Hung: the most cards that hung at once. A card-week is one card for seven days."],
    )


def by_place(hung: WhatHung) -> Table:
    """Return every place where a card was ordered or hung, and what differs."""
    heads = (
        "Route or venue", "Language", "Cards ordered", "Cards hung", "Weeks planned", "Weeks hung",
        "What differs",
    )  # fmt: skip
    return Table(
        caption="Ordered and hung, place by place",
        heads=[[Head(word) for word in heads]],
        rows=[
            [
                row.unit_name or NOT_TOLD,
                row.language_name,
                f"{row.cards_ordered:,}",
                f"{row.cards_up:,}",
                _weeks(row.card_days_planned),
                _weeks(row.card_days_up),
                row.finding,
            ]
            for row in hung.table.itertuples(index=False)
        ],
        left=(1,),
        prose=True,
    )


def _weeks(days: int) -> str:
    """Return card-days as card-weeks: "24", or "3.6"."""
    return f"{days / 7:,.1f}".removesuffix(".0")

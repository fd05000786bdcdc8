"""What `targeting report --postings` prints: cards and people, as planned and as it hung, by language."""

from typing import TYPE_CHECKING

from rich.console import Console

from targeting.hung_words import by_garage, in_short, of_no_order, share_of_plan
from targeting.terminal import print_notices
from targeting.terminal_tables import new_table
from targeting.wording import ALL_LANGUAGES, with_margin

if TYPE_CHECKING:
    from targeting.actual import Actual

HEADS = {
    "cards_ordered": "Cards\nordered",
    "cards_up": "Cards\nhung",
    "left_out": "Left\nout",
    "missing": "No\nreport",
}


def print_hung(found: "Actual", smallest: float) -> None:
    """Print the table, and what to know of the file.

    Parameters
    ----------
    smallest : float
        People below which a count is not told.
    """
    some = ["left_out"] if found.table["left_out"].any() else []
    columns = ["cards_ordered", "cards_up", *some, "missing"]
    table = new_table(
        f"What hung, by {found.file.name}",
        [
            ("Language", False),
            *((HEADS[column], True) for column in columns),
            ("Not\nordered", True),
            ("Reached,\nplanned", True),
            ("Reached,\nactual", True),
        ],
    )
    region = [frame[frame["area_kind"] == "region"] for frame in (found.planned, found.coverage)]
    reach = [frame.set_index("language")[["reach", "reach_moe"]] for frame in region]
    names = dict(zip(found.table["language"], found.table["language_name"], strict=True))
    for tag in [
        *(tag for tag in reach[0].index if tag in names),
        *(tag for tag in names if tag not in reach[0].index),
        "",
    ]:
        rows = found.table if tag == "" else found.table[found.table["language"] == tag]
        table.add_row(
            names.get(tag, ALL_LANGUAGES),
            *(f"{rows[column].sum():,}" for column in columns),
            f"{(rows['cards_up'] - rows['cards_ordered'] + rows['left_out'] + rows['missing']).sum():,}",
            *(
                with_margin(frame.at[tag, "reach"], frame.at[tag, "reach_moe"], smallest)
                if tag in frame.index
                else "–"
                for frame in reach
            ),
        )
    console = Console()
    console.print(table)
    for said in _in_words(found, smallest):
        console.print(said, highlight=False, markup=False)
    print_notices(found.notices)


def _in_words(found: "Actual", smallest: float) -> list[str]:
    """Return what became of the cards ordered, and which part of the plan's people they reached."""
    missing = int(found.table["missing"].sum())
    garages = by_garage(found.table, "missing")
    planned, hung, most = (
        float(frame.loc[frame["language"] == "", "reach"].iloc[0])
        for frame in (found.planned, found.coverage, found.most)
    )
    share = share_of_plan(planned, hung, most, smallest, at_least=not found.left_out.empty)
    return [
        f"{in_short(found.table)}.",
        *filter(
            None,
            [
                garages and f"Not reported, by garage: {garages}.",
                of_no_order(found.no_order, missing),
                share and f"Cards that hung reached {share}.",
            ],
        ),
    ]

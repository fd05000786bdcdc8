"""What `targeting report --postings` prints: cards and people, as planned and as it hung, by language."""

from typing import TYPE_CHECKING

from rich.console import Console

from targeting.terminal import print_notices
from targeting.terminal_tables import new_table
from targeting.wording import ALL_LANGUAGES, with_margin

if TYPE_CHECKING:
    from targeting.actual import Actual


def print_hung(found: "Actual", smallest: float) -> None:
    """Print the table, and what to know of the file.

    Parameters
    ----------
    smallest : float
        People below which a count is not told.
    """
    table = new_table(
        f"What hung, by {found.file.name}",
        [("Language", False), ("Cards\nordered", True), ("Cards\nhung", True), ("Missing", True),
         ("Not\nordered", True),
         ("Reached,\nplanned", True), ("Reached,\nactual", True)],
    )  # fmt: skip
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
            *(f"{rows[column].sum():,}" for column in ("cards_ordered", "cards_up", "missing")),
            f"{(rows['cards_up'] - rows['cards_ordered'] + rows['missing']).sum():,}",
            *(
                with_margin(frame.at[tag, "reach"], frame.at[tag, "reach_moe"], smallest)
                if tag in frame.index
                else "–"
                for frame in reach
            ),
        )
    Console().print(table)
    print_notices(found.notices)

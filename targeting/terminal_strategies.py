"""Strategies side by side on the terminal."""

from typing import TYPE_CHECKING

from rich.table import Table

from targeting.strategies import comparable
from targeting.terminal_tables import new_table
from targeting.wording import count

if TYPE_CHECKING:
    from targeting.plan import Plan


def strategy_table(plan: "Plan") -> Table:
    """Return people reached and buses of each language by strategy, on the same number of buses."""
    rows, smallest = plan.strategies, plan.scores.campaign.certainty.smallest_count
    names = list(dict.fromkeys(rows["strategy"]))
    chosen = set(rows.loc[rows["chosen"], "strategy"])
    heads = [_short(name, chosen=name in chosen) for name in names]
    plain = plan.scores.inputs.venues is None and plan.scores.campaign.posters.slots == 1
    counted = "buses" if plain else "cards"
    table = new_table(
        f"People reached ({counted}), by strategy", [("Language", False), *((head, True) for head in heads)]
    )
    cells = rows.set_index(["language", "strategy"])
    for language in [*(lang.tag for lang in plan.scores.languages), ""]:
        name = next((lang.english_name for lang in plan.scores.languages if lang.tag == language), "All")
        table.add_row(
            name,
            *(
                f"{count(round(cells.at[(language, strategy), 'reach']), smallest)} "
                f"({cells.at[(language, strategy), 'cards']:,})"
                for strategy in names
            ),
        )
    by_route = "" if comparable(plan.scores.campaign) else "predominant hangs one card a bus, by route"
    table.caption = by_route or None
    return table


def _short(name: str, *, chosen: bool) -> str:
    """Return a strategy's name in two short lines, and which is this plan's in a third."""
    first, _, rest = name.partition(", ")
    lines = [
        first,
        *([rest.removesuffix(" per language")] if rest else []),
        *(["(this plan)"] if chosen else []),
    ]
    return "\n".join(lines)

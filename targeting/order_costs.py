"""Costs of an order, exact to the cent: prices are decimal numbers, never binary fractions."""

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from targeting.campaign_sections import Orders

CENT, TENTH_OF_CENT = Decimal("0.01"), Decimal("0.001")
COLUMNS = [
    "print_cost", "installation_cost", "cost", "cost_per_card", "reach", "reach_moe",
    "cost_per_person_reached", "cost_per_person_reached_moe",
]  # fmt: skip


def cost_columns(table: pd.DataFrame, settings: Orders, smallest: float) -> pd.DataFrame:
    """Return a print order with what it costs; None where no price is given or nothing is paid for.

    Parameters
    ----------
    table : DataFrame
        `cards`, `hanging_already`, `copies`, `reach` and `reach_moe`, the row of all languages last.
    settings : Orders
    smallest : float
        People below which a count is not told, and so nothing is divided by it.

    Notes
    -----
    The costs of a language are rounded to cents and those of all languages are their sum, as on an invoice.
    A cost per person, to a tenth of a cent, is by the people as they are published, in whole numbers. It has
    no margin but theirs: MOE = cost / reach · MOE_reach / reach (the Census Bureau's rule for ratios, with a
    numerator that is known). There is none where cards of an earlier wave hang: they reach people too and
    were paid for before.
    """
    new = table["cards"] - table["hanging_already"]
    printed = _costs(table["copies"], settings.card_price)
    installed = _costs(new, settings.installation_price)
    both = [
        _sum(given) if (given := [each for each in pair if each is not None]) else None
        for pair in zip(printed, installed, strict=True)
    ]
    per_person: list[Decimal | None] = []
    margin: list[Decimal | None] = []
    paid = table["hanging_already"] == 0
    whole = table[["reach", "reach_moe"]].round().astype(int)
    for cost, people, moe, all_new in zip(both, whole["reach"], whole["reach_moe"], paid, strict=True):
        if not cost or not all_new or people < max(smallest, 1):
            per_person.append(None)
            margin.append(None)
            continue
        each = cost / int(people)
        per_person.append(each.quantize(TENTH_OF_CENT, ROUND_HALF_UP))
        margin.append((each * int(moe) / int(people)).quantize(TENTH_OF_CENT, ROUND_HALF_UP))
    found = table.assign(
        print_cost=_objects(printed),
        installation_cost=_objects(installed),
        cost=_objects(both),
        cost_per_card=_objects(
            [
                None if cost is None or not cards else _cents(cost / int(cards))
                for cost, cards in zip(both, new, strict=True)
            ]
        ),
        cost_per_person_reached=_objects(per_person),
        cost_per_person_reached_moe=_objects(margin),
    )
    return found[[*(name for name in table.columns if name not in COLUMNS), *COLUMNS]]


def _costs(counts: "pd.Series[int]", price: float | None) -> list[Decimal | None]:
    """Return the cost of each count, and in the last row their sum."""
    if price is None:
        return [None] * len(counts)
    exact = Decimal(str(price))
    each = [_cents(exact * int(count)) for count in counts.iloc[:-1]]
    return [*each, _sum(each)]


def _sum(amounts: "list[Decimal]") -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _objects(values: "list[Decimal | None]") -> "pd.Series[object]":
    return pd.Series(values, dtype=object)

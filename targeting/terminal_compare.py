"""What `targeting compare` prints: settings, placements, languages, reasons."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from targeting.compare import Comparison
from targeting.plan_folder import PlanFolder
from targeting.terminal_tables import new_table

PLACEMENTS_SHOWN = 20
TITLES = {"served": "Near a posted route", "reach": "Reach"}


def print_comparison(found: Comparison, before: PlanFolder, after: PlanFolder) -> None:
    """Print what differs between two plans, and why."""
    console = Console()
    console.print(f"\nBefore: {escape(_title(before))}", highlight=False)
    console.print(f"After:  {escape(_title(after))}", highlight=False)
    console.print("\n[bold]What was changed[/bold]")
    changes = [
        *found.settings.itertuples(index=False, name=None),
        *found.inputs.itertuples(index=False, name=None),
    ]
    for name, old, new in changes:
        console.print(escape(f"  {name}: {old} → {new}"), highlight=False)
    if not changes:
        console.print("  No setting and no input.")
    console.print(f"\n{found.summary}", highlight=False, markup=False)
    _print_placements(console, found)
    _print_languages(console, found)
    console.print(found.chance, style="dim", highlight=False, markup=False)
    console.print("\n[bold]Why[/bold]")
    for sentence in found.why:
        console.print(escape(sentence), highlight=False)


def _title(plan: PlanFolder) -> str:
    return f"{plan.path} ({plan.settings.get('name', '')}, made {str(plan.record.get('made', ''))[:10]})"


def _print_placements(console: Console, found: Comparison) -> None:
    changed = found.placements[found.placements["change"] != "same"]
    if changed.empty:
        return
    kinds = " or ".join(dict.fromkeys(changed["unit"])).capitalize()
    table = new_table(
        "Placements that changed",
        [
        (kinds, False), ("Language", False), (f"{found.counted.capitalize()}\nbefore", True),
        ("after", True), ("Change", False),
        ],
    )  # fmt: skip
    for _, row in changed.head(PLACEMENTS_SHOWN).iterrows():
        table.add_row(
            escape(row["unit_name"]),
            escape(row["language_name"]),
            f"{row['cards_before']:,}",
            f"{row['cards_after']:,}",
            row["change"],
        )
    console.print(table)
    if len(changed) > PLACEMENTS_SHOWN:
        console.print(f"… and {len(changed) - PLACEMENTS_SHOWN} more (--json lists all).", style="dim")


def _print_languages(console: Console, found: Comparison) -> None:
    heads = [("Language", False), ("Before", True), ("After", True), ("Difference", True)]
    table = new_table(found.counted.capitalize(), heads)
    rows: list[Any] = [row for _, row in found.languages.iterrows()]
    if found.total is not None:
        rows.append(found.total)
    for row in rows:
        table.add_row(
            escape(row["language_name"]),
            f"{row['cards_before']:,}",
            f"{row['cards_after']:,}",
            _signed(row["cards_difference"]),
        )
    console.print(table)
    for measure in found.measures:
        columns = [("Language", False), ("Before", True), ("After", True), ("Difference", True)]
        if not found.same_census:
            columns.append(("Beyond\nchance", False))
        table = new_table(f"{TITLES[measure]}, people with 90% margins", columns)
        for row in rows:
            cells = [
                escape(row["language_name"]),
                _figure(row[f"{measure}_before"], row[f"{measure}_before_moe"]),
                _figure(row[f"{measure}_after"], row[f"{measure}_after_moe"]),
                _signed(row[f"{measure}_difference"]),
            ]
            if not found.same_census:
                beyond = row[f"{measure}_beyond_chance"]
                cells.append("–" if beyond is None else "yes" if beyond else "no")
            table.add_row(*cells)
        console.print(table)


def _figure(value: Any, margin: Any) -> str:
    """Return "1,267 ± 255", the words of a count that is not told, or – for a language not printed."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,} ± {margin:,}" if isinstance(margin, int) else f"{value:,}"


def _signed(difference: Any) -> str:
    return "–" if difference is None else "0" if difference == 0 else f"{difference:+,}".replace("-", "−")

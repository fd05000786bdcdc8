"""Tables on the terminal, all alike."""

from rich import box
from rich.markup import escape
from rich.table import Table


def new_table(title: str, columns: list[tuple[str, bool]]) -> Table:
    """Return an empty table; the columns that are numbers stand right and are never broken."""
    table = Table(title=escape(title), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, number in columns:
        least = None if number else max(6, *map(len, name.split("\n")))
        table.add_column(name, justify="right" if number else "left", no_wrap=number, min_width=least)
    return table

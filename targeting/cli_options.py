"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from targeting.cache import Cache

FILE = click.Path(path_type=Path)


def campaign_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options shared by all commands that read a campaign file."""
    for option in reversed(
        [
            click.argument("file", type=FILE),
            click.option(
                "--set",
                "settings",
                multiple=True,
                metavar="KEY=VALUE",
                help="Change a setting of the campaign file, for example --set buses=50. Repeatable.",
            ),
            click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors."),
            click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        ]
    ):
        command = option(command)
    return command


def cache_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that has everything read and computed anew."""
    return click.option(
        "--no-cache",
        is_flag=True,
        help="Read and compute everything anew; by default feeds that have not changed are not read twice.",
    )(command)


def chosen_cache(no_cache: bool) -> "Cache | None":
    """Return the user's cache unless it is not wanted."""
    from targeting.cache import user_cache  # loads pandas: only once the campaign file is sound

    return None if no_cache else user_cache()

"""What the commands print for scripts."""

import json
from typing import Any

import click


def print_json(content: dict[str, Any]) -> None:
    """Print a result as JSON."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))

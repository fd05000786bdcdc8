"""The docs say what is so: columns, settings, languages and commands."""

import csv
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import PACKAGE

from targeting.campaign import read_campaign
from targeting.campaign_sections import SECTIONS
from targeting.cli import main
from targeting.languages import catalogue
from targeting.orders import make_orders
from targeting.plan import make_plan
from targeting.write.orders import orders_csv
from targeting.write.tables import sensitivity_csv, tables_csv

ROOT = Path(__file__).parent.parent
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_columns_are_documented_in_their_order() -> None:
    plan = make_plan(read_campaign(ROOT / "data" / "sample.toml", ["redraws=2"]))
    tables = tables_csv(plan) | orders_csv(plan, make_orders(plan))
    tables["sensitivity.csv"] = sensitivity_csv(plan)
    assert "robustness.csv" in tables
    tags = read_campaign(ROOT / "data" / "sample.toml").posters.languages
    for name, text in tables.items():
        header = next(csv.reader([text.splitlines()[0]]))
        section = DOCS["columns.md"].split(f"## {name}")[1].split("\n## ")[0]
        cells = re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)
        documented = [
            column
            for cell in cells
            for stem, each in re.findall(r"`(\w+)(<tag>)?`", cell)
            for column in ([f"{stem}{tag}" for tag in tags] if each else [stem])
        ]
        assert [*documented, "source"] == header, name


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCS["campaign-file.md"], re.MULTILINE)
    documented = dict(rows)
    for section in SECTIONS.values():
        for key, field in section.model_fields.items():
            default = documented.pop(key)
            if field.is_required():
                assert default == "*required*", key
            elif field.default is not None:
                assert default.strip("`").replace('"', "'") in (
                    repr(field.default),
                    str(field.default).lower(),
                    f"{field.default:g}" if isinstance(field.default, float) else "",
                ), key
    assert list(documented) == ["name"]


def test_every_language_is_documented() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| ([^|]+) \|", DOCS["languages.md"], re.MULTILINE)
    assert rows == [(tag, lang.english_name, lang.own_name) for tag, lang in catalogue().items()]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_commands_have_help_and_are_in_the_readme(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.split("\n\n")[1].strip()) > 20
    assert f"targeting {command}" in README


def test_commands_of_the_docs_exist() -> None:
    """Every `targeting …` line of a code block names a command, its options and settings."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", "\n".join([README, *DOCS.values()]), re.DOTALL | re.MULTILINE)
    lines = [
        shlex.split(line.removeprefix("$ "), comments=True)
        for block in blocks
        for line in block.splitlines()
        if re.match(r"(\$ )?targeting \w", line)
    ]
    assert lines
    for _, command, *rest in lines:
        known = {option for parameter in main.commands[command].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("-")} <= known


def test_links_between_the_docs_lead_somewhere() -> None:
    for text, folder in [(README, ROOT), *((text, ROOT / "docs") for text in DOCS.values())]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            inside = target.removeprefix("../").removeprefix("targeting/")
            assert (folder / target).exists() or (PACKAGE / inside).exists(), target

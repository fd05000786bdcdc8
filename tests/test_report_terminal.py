"""The terminal's tables: every figure with its margin, and one sign, one meaning."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from targeting.campaign import read_campaign
from targeting.plan import Plan, make_plan
from targeting.terminal import print_plan

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"


@cache
def plan() -> Plan:
    return make_plan(read_campaign(SAMPLE, ["buses=10", "redraws=0"]))


def printed(made: Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    print_plan(made)
    return capsys.readouterr().out


def test_figures_of_the_region_have_their_margins_and_marks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan()
    table = made.coverage.assign(served_posted_reliability="high", reach_reliability="high")
    region = table["area_kind"] == "region"
    table.loc[region & (table["language"] == "ko"), "reach_reliability"] = "low"
    nowhere = region & (table["language"] == "ar")
    table.loc[nowhere, ["reach", "reach_moe", "served_posted", "served_posted_moe"]] = 0.0
    said = printed(replace(made, coverage=table), capsys, monkeypatch)
    rows = {
        line.split()[0]: line
        for line in said.splitlines()[::-1]
        if line.startswith((" Ru", " Ko", " Ar", " Sp"))
    }
    for language, name in (("es", "Spanish"), ("ru", "Russian")):
        row = table[region & (table["language"] == language)].iloc[0]
        assert f"{row['lep']:,.0f} ± {row['lep_moe']:,.0f}" in rows[name]
        assert "*" not in rows[name]
    assert "Russian †" in rows["Russian"]
    assert rows["Korean"].rstrip().endswith("*")
    assert rows["Arabic"].split()[-2:] == ["–", "–"]
    assert "† counted together with other languages, by a census group" in said
    assert "* of low reliability: coefficient of variation above 40%" in said


def test_this_plan_is_called_so_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = printed(plan(), capsys, monkeypatch)
    table = said[said.index("People reached (buses), by strategy") : said.index("Everyone reached")]
    assert "(this plan)" in table
    assert "*" not in table

"""A second wave of orders: codes of its own, other buses, and cards that must not come down in between."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from targeting.campaign import read_campaign
from targeting.order_fittings import hangs_in
from targeting.orders import make_orders
from targeting.plan import Plan, make_plan
from targeting.waves import EarlierWave, days_between, down_on, read_earlier
from targeting.write import write_plan
from targeting.write.orders_page import orders_html

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"


def sample(*settings: str) -> Plan:
    return make_plan(read_campaign(SAMPLE, ["redraws=0", *settings]))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a first wave of 20 buses, up from December 8 to January 5."""
    folder = tmp_path_factory.mktemp("waves") / "first"
    write_plan(sample("buses=20", "posting_date=2025-12-08"), folder)
    return folder


def second(first: Path, *settings: str) -> Plan:
    return sample("buses=30", f"keep='{first}'", *settings)


def codes(html: str) -> list[str]:
    return re.findall(r'<span class="code">(.*?)</span>', html)


def test_a_card_of_another_wave_has_another_code(first: Path, tmp_path: Path) -> None:
    plan = second(first, "posting_date=2026-01-05")
    write_plan(plan, tmp_path / "second")
    lines = make_orders(plan).lines
    assert lines["order"].str.fullmatch(r"W2\.R\w+-[a-z]{2}").all()
    one = set(codes((first / "orders.html").read_text(encoding="utf-8")))
    two = set(codes((tmp_path / "second" / "orders.html").read_text(encoding="utf-8")))
    assert all(code.startswith("R") for code in one)
    assert {code.removeprefix("W2.") for code in two} & one  # the same routes and languages
    assert not one & two
    third = sample("buses=32", f"keep='{tmp_path / 'second'}'")
    assert make_orders(third).lines["order"].str.startswith("W3.R").all()


def test_waves_are_counted_from_plan_to_plan(first: Path, tmp_path: Path) -> None:
    def wave(name: str, keep: str | None) -> Path:
        folder = tmp_path / "maps" / name
        shutil.copytree(first, folder)
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        record["campaign"]["settings"]["placement"]["keep"] = keep
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        return folder

    def number(folder: Path) -> int:
        earlier = read_earlier(read_campaign(SAMPLE, [f"keep='{folder}'"]))
        assert earlier is not None
        return earlier.number

    assert read_earlier(read_campaign(SAMPLE, [])) is None
    assert number(wave("one", None)) == 1
    assert number(wave("two", "maps/one")) == 2  # found above the plan
    assert number(wave("three", "maps/two")) == 3
    assert number(wave("lost", "maps/gone")) == 2  # of those before it no more is known
    assert number(wave("loop", "maps/loop")) == 100
    (tmp_path / "maps" / "one" / "placements.csv").unlink()  # a plan that is damaged stops no other
    assert number(tmp_path / "maps" / "two") == 2
    assert number(tmp_path / "maps" / "three") == 3


@pytest.mark.parametrize(
    ("up", "apart"),
    [("2026-01-12", 7), ("2026-01-06", 1), ("2026-01-05", 0), ("2025-12-22", 0), (None, 0)],
)
def test_waves_that_do_not_join_are_told(first: Path, up: str | None, apart: int) -> None:
    plan = second(first, *([f"posting_date={up}"] if up else []))
    assert plan.scores.inputs.earlier == EarlierWave(1, date(2026, 1, 5))
    told = [each.message for each in plan.scores.notices if each.code == "waves_apart"]
    html = orders_html(plan, make_orders(plan))
    assert len(told) == bool(apart)
    assert ("before this wave goes up" in html) == bool(apart)
    # whether or not the waves join, the earlier sheets take down what this plan counts on
    assert ("not until Monday, January 5, 2026, as their own sheets say" in html) == (up is not None)
    if apart:
        days = "1 day" if apart == 1 else f"{apart} days"
        assert f"come down on 2026-01-05, {days} before this wave goes up on {up}" in told[0]
        assert "or choose a posting date by 2026-01-05." in told[0]
        assert f"come down on Monday, January 5, 2026, {days} before this wave goes up" in html
    if up == "2026-01-12":
        assert "leave them up until 2026-02-09" in told[0]
        assert "They stay until <strong>Monday, February 9, 2026</strong>" in html


def test_days_between_waves() -> None:
    assert down_on(date(2025, 12, 8), 4.0) == date(2026, 1, 5)
    earlier = EarlierWave(1, date(2026, 1, 5))
    assert days_between(earlier, date(2026, 2, 1)) == 27
    assert days_between(earlier, date(2026, 1, 1)) == 0
    assert days_between(EarlierWave(1), date(2026, 2, 1)) == 0
    assert days_between(None, date(2026, 2, 1)) == 0


@pytest.mark.parametrize(
    "orders", [{}, None, {"posting_date": None}, {"posting_date": "soon"}, {"posting_date": 3}]
)
def test_an_earlier_wave_without_dates(first: Path, tmp_path: Path, orders: object) -> None:
    folder = tmp_path / "first"
    shutil.copytree(first, folder)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["campaign"]["settings"]["orders"] = orders
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert read_earlier(read_campaign(SAMPLE, [f"keep='{folder}'"])) == EarlierWave(1)


def test_another_bus_is_asked_for(first: Path) -> None:
    plan = second(first, "posting_date=2026-01-05")
    orders = make_orders(plan)
    html = orders_html(plan, orders)
    before = orders.lines.groupby("unit_name")["hanging_already"].sum()
    new = orders.lines[orders.lines["cards"] > orders.lines["hanging_already"]]
    said = set()
    both = {name for name in new["unit_name"] if before[name]}
    assert both
    for part in re.findall(r'<table class="job.*?</thead>', html, re.S):
        name = re.search(r"<b>([^<]*)</b>", part)[1]  # type: ignore[index]
        found = re.search(
            r"(\d+) bus(?:es carry|carries| carries) a card of an earlier wave on this route", part
        )
        assert (int(found[1]) if found else 0) == before[name], name
        said |= {name} if found else set()
    assert said == both
    stays = re.findall(r"<li>([^<:]*): [^<]* in (\d+) bus", html)
    assert sum(int(count) for _, count in stays) == 20
    assert sum(hangs_in(orders.fittings).values()) == 10

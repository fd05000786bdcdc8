"""The people of a campaign with language controls, from the campaign file to the tables."""

from pathlib import Path

import pandas as pd
import pytest
from conftest import PACKAGE

from targeting.campaign import read_campaign
from targeting.errors import CampaignError
from targeting.notices import Notices
from targeting.people import read_people
from targeting.plan import make_plan

SAMPLE = Path(__file__).parent.parent / "data" / "sample.toml"


def codes() -> dict[str, str]:
    table = pd.read_csv(PACKAGE / "controls.csv")
    return dict(zip(table["key"], table["code"], strict=True))


def test_controls_name_the_languages_of_a_group(tmp_path: Path) -> None:
    code = codes()
    counts = {"russian": 3000, "polish": 0, "serbo_croatian": 0, "ukrainian_other_slavic": 1000}
    head = "stcofips,year,langc42,lep_1_is_less_than_very_well,n"
    path = tmp_path / "b16001.csv"
    path.write_text(
        "\n".join([head, *(f"99,2019,{code[key]},1,{people}" for key, people in counts.items())]) + "\n",
        encoding="utf-8",
    )
    settings = [f'controls="{path}"', 'languages=["es", "ru", "uk"]', "buses=30", "redraws=0"]
    whole = make_plan(read_campaign(SAMPLE, ['languages=["es", "ru"]', "buses=30", "redraws=0"]))
    plan = make_plan(read_campaign(SAMPLE, settings))
    region = plan.coverage[plan.coverage["area"] == "Region"].set_index("language")
    before = whole.coverage[whole.coverage["area"] == "Region"].set_index("language")
    assert region.at["ru", "lep"] == pytest.approx(0.75 * before.at["ru", "lep"])
    assert region.at["uk", "lep"] == pytest.approx(0.25 * before.at["ru", "lep"])
    assert region.at["ru", "measured_as"] == "Russian"
    assert region.at["uk", "measured_as"] == "Ukrainian or other Slavic languages"
    # three quarters of each tract's margin; controls without margins add none
    assert region.at["ru", "lep_moe"] == pytest.approx(0.75 * before.at["ru", "lep_moe"])
    assert region.at["es", "lep_moe"] == before.at["es", "lep_moe"]
    messages = " ".join(notice.message for notice in plan.scores.notices)
    assert "Russian is told apart" in messages
    assert "Ukrainian is measured by the census group 'Ukrainian or other Slavic languages'" in messages
    assert "carry no margins" in messages


def test_birthplaces_without_controls_are_refused() -> None:
    campaign = read_campaign(SAMPLE, ['birthplaces="b05006.csv"'])
    with pytest.raises(CampaignError, match=r"region\.birthplaces does nothing without region\.controls"):
        read_people(campaign, Notices())


def test_safe_harbor_is_not_certain_for_a_split_without_margins(tmp_path: Path) -> None:
    code = codes()
    counts = {"russian": 3999, "polish": 1, "serbo_croatian": 0, "ukrainian_other_slavic": 0}
    head = "stcofips,year,langc42,lep_1_is_less_than_very_well,n"
    path = tmp_path / "b16001.csv"
    path.write_text(
        "\n".join([head, *(f"99,2019,{code[key]},1,{people}" for key, people in counts.items())]) + "\n",
        encoding="utf-8",
    )
    settings = [f'controls="{path}"', 'languages=["es", "ru"]', "buses=9", "redraws=0"]
    plan = make_plan(read_campaign(SAMPLE, settings))
    table = plan.languages.set_index("language_name")
    assert table.at["Russian", "lep"] > 3000
    assert not table.at["Russian", "safe_harbor_certain"], "nobody knows the margin of its share"
    assert table.at["Spanish", "safe_harbor_certain"]
    # 3,492 × 1/4000 Polish speakers: however unsure the share, far below 1,000
    assert table.at["Polish", "safe_harbor_certain"]

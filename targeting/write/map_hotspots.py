"""Hot spots as the map shows them: which tracts, and what the layer is called."""

import pandas as pd

from targeting.hotspots import HotspotRule, hot_table, hotspots_of
from targeting.languages import told_apart
from targeting.scores import Scores


def hot_tracts(scores: Scores) -> pd.DataFrame:
    """Return bools, shape (tracts, groups), by the campaign's thresholds."""
    rule = HotspotRule(**scores.campaign.hotspots.model_dump())
    return hot_table(hotspots_of(scores.tracts, list(told_apart(scores.languages)), rule))


def title(scores: Scores) -> str:
    """Return what the layer is called; thresholds other than the City's are said to be."""
    changed = HotspotRule(**scores.campaign.hotspots.model_dump()) != HotspotRule()
    return f"Hot spots (City of Portland's rule{', thresholds changed' if changed else ''})"

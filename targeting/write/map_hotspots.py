"""Hot spots as the map shows them: which tracts, and what the layer is called."""

import pandas as pd

from targeting.hotspots import HotspotRule, hot_table
from targeting.scores import Scores


def hot_tracts(scores: Scores) -> pd.DataFrame:
    """Return bools, shape (tracts, groups), by the campaign's thresholds."""
    return hot_table(scores.hotspots)


def title(scores: Scores) -> str:
    """Return what the layer is called; thresholds other than the City's are said to be."""
    changed = HotspotRule(**scores.campaign.hotspots.model_dump()) != HotspotRule()
    return f"Hot spots (City of Portland's rule{', thresholds changed' if changed else ''})"

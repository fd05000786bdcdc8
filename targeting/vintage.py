"""What vintage of census tracts a file looks like: 2010 tracts or 2020 tracts.

Tract GEOIDs do not say their vintage. File names, column names and Connecticut's planning regions
(counties 09110 to 09190, from 2022 on) often do.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def looks_like(path: Path, columns: Sequence[str], geoids: pd.Index) -> str:
    """Return "2010 tracts", "2020 tracts" or "no stated vintage"; a guess, for messages only."""
    texts = [str(geoid) for geoid in geoids]
    if any(re.match(r"091[1-9]0", text) for text in texts):
        return "2020 tracts"
    suffixes = {name[-2:] for name in columns if re.fullmatch(r"(GEOID|TRACTCE|STATEFP)(10|20)", name)}
    if len(suffixes) == 1:
        return f"20{suffixes.pop()} tracts"
    years = [int(year) for year in re.findall(r"(?<!\d)(20[0-3]\d)(?!\d)", path.stem)]
    if not years:
        return "no stated vintage"
    return "2020 tracts" if max(years) >= 2020 else "2010 tracts"

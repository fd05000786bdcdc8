"""What became of a batch: summary.csv, summary.parquet, summary.html and national.csv (docs/scale.md).

They are written anew while regions finish, each whole. The summary tells how long each region took, so that
it alone is not the same from one run to the next.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from targeting.batch_list import Region
from targeting.batch_region import Outcome, Record
from targeting.batch_sources import national_source
from targeting.errors import OutputError
from targeting.whole import whole_file
from targeting.wording import with_margin
from targeting.write.batch_map import region_map
from targeting.write.tables import PEOPLE, as_csv, rounded, told

NATIONAL = "national.csv"
OF_PEOPLE = (
    "lep", "lep_moe", "served_any", "served_any_moe", "served_posted", "served_posted_moe",
    "served_posted_share", "served_posted_share_moe", "reach", "reach_moe", "reach_share",
    "reach_share_moe",
)  # fmt: skip
LANGUAGE = ("language", "language_name", "measured_as")
PLANNED = ("buses_asked", "buses_placed", "venue_cards", "tracts", "routes", "warnings")
SPENT = ("seconds", "processor_seconds", "memory_mb")
COLUMNS = (
    "region", "status", "campaign", "invented", *LANGUAGE, *OF_PEOPLE, *PLANNED, *SPENT, "error", "source",
)  # fmt: skip
TEXTS = ("region", "status", "campaign", *LANGUAGE, "error", "source")
SMALLEST = "smallest_count"
WAITING = "waiting"
INVENTED = "Sample data of an invented place, not to be cited."


def summary_table(
    regions: Sequence[Region], outcomes: Mapping[str, Outcome], *, words: bool = True
) -> pd.DataFrame:
    """Return one row a region × language, in the order of the list; one row where it has no plan.

    Parameters
    ----------
    words : bool
        Counts too small to be told as "under 10"; else as missing, so that their columns stay numbers.
    """
    rows: list[dict[str, Any]] = []
    for region in regions:
        outcome = outcomes.get(region.name)
        record = outcome.record if outcome else None
        its: dict[str, Any] = {"region": region.name, "status": outcome.status if outcome else WAITING}
        its["error"] = outcome.error if outcome else ""
        if record is None:
            rows.append(its)
            continue
        its |= {name: getattr(record, name) for name in ("campaign", "invented", *PLANNED, *SPENT, SMALLEST)}
        its["source"] = f"{INVENTED} {record.source}" if record.invented else record.source
        rows += [
            {**its, **{name: each[name] for name in (*LANGUAGE, *OF_PEOPLE)}} for each in record.coverage
        ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, SMALLEST])
    table[list(OF_PEOPLE)] = rounded(table[list(OF_PEOPLE)].astype(float))
    kinds = {**dict.fromkeys(PLANNED, "Int64"), **dict.fromkeys((*SPENT, SMALLEST), float)}
    table = table.astype({**kinds, "invented": "boolean"})
    for name in TEXTS:
        table[name] = table[name].astype(object).fillna("").astype(str)
    smallest = table.pop(SMALLEST).fillna(0.0)
    if words:
        return pd.concat([told(its, least) for least, its in table.groupby(smallest)]).sort_index()
    for name in table.columns.intersection(PEOPLE):
        table[name] = table[name].mask((table[name] > 0) & (table[name] < smallest))
    return table


def write_summary(
    out: Path,
    regions: Sequence[Region],
    outcomes: Mapping[str, Outcome],
    *,
    national: pd.DataFrame | None = None,
    notices: Sequence[str] = (),
    refused: str = "",
    running: bool = False,
) -> None:
    """Write the summary of a batch, finished or not, and the national table where there is one.

    Parameters
    ----------
    out : Path
        Folder of the batch.
    regions : sequence of Region
        All of the list.
    outcomes : mapping of name to Outcome
        Of the regions that are done.
    national : DataFrame, optional
        `targeting.batch_national.national_rows` of the regions whose people are not invented.
    notices : sequence of str
        What to know of it (`targeting.batch_sources.national_notices`).
    refused : str
        Why there can be none.
    running : bool
        Whether more is to come: the page then reads itself anew.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    table = summary_table(regions, outcomes)
    numbers = summary_table(regions, outcomes, words=False)
    done = [outcome.record for outcome in outcomes.values() if outcome.record is not None]
    real = [record for record in done if not record.invented]
    smallest = max((record.smallest_count for record in real), default=0.0)
    try:
        with whole_file(out / "summary.csv") as path:
            path.write_text(as_csv(table), encoding="utf-8", newline="")
        with whole_file(out / "summary.parquet") as path:
            numbers.to_parquet(path, index=False)
        if national is None:
            (out / NATIONAL).unlink(missing_ok=True)  # one of an earlier run tells of other plans
        else:
            published = told(rounded(national), smallest)
            sources = {
                measure: national_source(real, len(regions), [measure], notices)
                for measure in published["measure"].unique()
            }
            with whole_file(out / NATIONAL) as path:
                text = as_csv(published.assign(source=published["measure"].map(sources)))
                path.write_text(text, encoding="utf-8", newline="")
        with whole_file(out / "summary.html") as path:
            page = _page(regions, outcomes, national, notices, refused, smallest, running=running)
            path.write_text(page, encoding="utf-8", newline="")
    except OSError as fault:
        raise OutputError(f"{out}: cannot be written ({fault.strerror}); choose another --out.") from fault


def _page(
    regions: Sequence[Region],
    outcomes: Mapping[str, Outcome],
    national: pd.DataFrame | None,
    notices: Sequence[str],
    refused: str,
    smallest: float,
    *,
    running: bool,
) -> str:
    records = {name: outcome.record for name, outcome in outcomes.items() if outcome.record is not None}
    real = [record for record in records.values() if not record.invented]
    rows = [
        {
            "name": region.name,
            "status": outcomes[region.name].status if region.name in outcomes else WAITING,
            "error": outcomes[region.name].error if region.name in outcomes else "",
            "record": records.get(region.name),
            "languages": _languages(records.get(region.name)),
        }
        for region in regions
    ]
    said = [str(row["status"]) for row in rows]
    placed = {region.name: records[region.name].bounds for region in regions if region.name in records}
    package = files("targeting.write")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(package.joinpath("batch_page.html").read_text(encoding="utf-8"))
    return template.render(
        css=package.joinpath("batch_page.css").read_text(encoding="utf-8"),
        rows=rows,
        running=running,
        counts={status: said.count(status) for status in ("planned", "unchanged", "failed", WAITING)},
        map=region_map(placed, [record.outline for record in records.values()]),
        unplaced=[row["name"] for row in rows if row["record"] is None],
        national=[] if national is None else [_national(row, smallest) for _, row in national.iterrows()],
        notices=notices,
        refused=refused,
        invented=any(record.invented for record in records.values()),
        who=_who({record.measure for record in records.values()}),
        source=national_source(real, len(regions), {record.measure for record in real}),
    )


def _who(measures: set[str]) -> str:
    if measures == {"lep"}:
        return "People who speak English less than very well"
    return "People who speak the language at home" if measures == {"speakers"} else "People"


def _languages(record: Record | None) -> list[dict[str, str]]:
    if record is None:
        return []
    return [_words(row, record.smallest_count) for row in record.coverage]


def _national(row: "pd.Series[Any]", smallest: float) -> dict[str, str]:
    what = "" if row["measure"] == "lep" else " (all speakers)"
    return {
        **_words(row.to_dict(), smallest),
        "language": f"{row['language_name']}{what}",
        "regions": f"{row['regions']:,}",
        "tracts": f"{row['tracts']:,}",
        "shared": f"{row['shared_tracts']:,}",
    }


def _words(row: Mapping[str, Any], smallest: float) -> dict[str, str]:
    """Return the figures of a language in words, with their margins."""
    return {
        "language": str(row["language_name"]),
        "measured_as": str(row["measured_as"]) if row["measured_as"] != row["language_name"] else "",
        **{
            name: with_margin(row[name], row[f"{name}_moe"], smallest)
            for name in ("lep", "served_any", "served_posted", "reach")
        },
    }

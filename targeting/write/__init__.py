"""Write a plan folder: whole, or not at all."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from targeting.errors import OutputError
from targeting.whole import try_place, whole_folder

if TYPE_CHECKING:
    from targeting.cache import Cache
    from targeting.plan import Plan

RECORD = "run.json"
LAYERS = "plan.gpkg"
WORKBOOK = "coverage.xlsx"
FORM = "postings_to_fill_in.csv"
# What the commands write into a plan folder, and what desktops leave there; all else is somebody's own
OURS = (
    RECORD, LAYERS, f"{LAYERS}-*", WORKBOOK, "map.html", "orders.html", "orders.xlsx", "report.html",
    "report.docx", "map.pdf", "map.png", "map-*.png", "*.geojson", "*.parquet", "actual.json",
    *(
        f"{table}.csv"
        for table in (
            "routes", "placements", "coverage", "languages", "vehicles", "strategies", "budget",
            "robustness", "sensitivity", "orders", "orders_print", "actual", "coverage_actual",
            "postings_left_out", "postings_to_fill_in",
        )
    ),
    ".*", "~$*", "Thumbs.db", "desktop.ini",
)  # fmt: skip


def write_plan(
    plan: "Plan",
    out: Path,
    *,
    report: bool = False,
    audience: Literal["staff", "public"] = "staff",
    cache: "Cache | None" = None,
) -> list[Path]:
    """Write map, tables, workbooks, orders, layers, record and, if asked, the report; return their paths.

    An earlier plan is replaced as a whole or kept as it was (`targeting.whole`). For the public the
    folder holds where posters hang and in which languages, and no figure of people (docs/public-map.md).

    Raises
    ------
    OutputError
        When the folder cannot be written, is being written by another process, exists and holds something
        other than a plan, or a report is asked for the public.
    """
    from targeting.orders import make_orders
    from targeting.write.map import map_html
    from targeting.write.orders import orders_csv, orders_workbook
    from targeting.write.orders_page import orders_html
    from targeting.write.plan_layers import plan_gpkg
    from targeting.write.postings_form import postings_form
    from targeting.write.record import public_record_json, record_json
    from targeting.write.tables import public_placements_csv, published, sensitivity_csv, tables_csv
    from targeting.write.workbook import coverage_xlsx

    check_out(out)
    workbooks: dict[str, bytes] = {}
    files: dict[str, Callable[[Path], None]] = {}
    if audience == "public":
        if report:
            raise OutputError("a report is full of figures of people; leave --report out for the public.")
        contents = {
            "map.html": map_html(plan, audience, cache),
            "placements.csv": public_placements_csv(plan),
            RECORD: public_record_json(plan),
        }
    else:
        orders, tables = make_orders(plan), published(plan)
        contents = {
            "map.html": map_html(plan, cache=cache),
            **tables_csv(plan, tables),
            **orders_csv(plan, orders),
            "orders.html": orders_html(plan, orders),
            **({} if orders.lines.empty else {FORM: postings_form(orders.lines)}),
            RECORD: record_json(plan),
        }
        workbooks["orders.xlsx"] = orders_workbook(plan, orders)
        files = {  # figures of tracts are not for the public
            LAYERS: lambda path: plan_gpkg(path, plan),
            WORKBOOK: lambda path: coverage_xlsx(path, plan, tables),
        }
    if report and plan.posting.solution is not None:
        contents["sensitivity.csv"] = sensitivity_csv(plan)
    try:
        made: list[str] = []
        with whole_folder(out) as partial:
            for name, text in contents.items():
                (partial / name).write_text(text, encoding="utf-8", newline="")
            for name, content in workbooks.items():
                (partial / name).write_bytes(content)
            for name, write in files.items():
                write(partial / name)
            if report:
                from targeting.write.report import report as write_report

                try:
                    made = [path.name for path in write_report(partial)]
                except OutputError as fault:  # it names the folder that is being written
                    raise OutputError(str(fault).replace(str(partial), str(out))) from fault
    except OSError as fault:
        raise OutputError(f"{out}: cannot be written ({fault.strerror}); choose another --out.") from fault
    return [out / name for name in (*contents, *workbooks, *files, *made)]


def check_out(out: Path) -> None:
    """Refuse a folder that cannot be a plan's, before any work is done.

    Raises
    ------
    OutputError
        When it exists and holds something other than a plan, or what installers wrote down, or cannot be
        replaced, or its parent is not writable.
    """
    from targeting.postings_file import filled_in

    try:
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out}: is a file; choose a folder with --out.")
        if out.is_dir() and any(out.iterdir()) and not (out / RECORD).exists():
            raise OutputError(
                f"{out}: holds files that are no plan, and a plan replaces its whole folder; choose another "
                "--out."
            )
        if own := _own_files(out):
            more = f" and {len(own) - 1:,} more" if len(own) > 1 else ""
            raise OutputError(
                f"{out}: holds {own[0]}{more}, which no command wrote and a new plan would delete; move it "
                "elsewhere, or choose another --out."
            )
        if filled_in(out / FORM):
            raise OutputError(
                f"{out}: {FORM} is filled in, and a new plan would replace it; move it elsewhere, or choose "
                "another --out."
            )
        if out.is_mount():
            raise OutputError(f"{out}: is a disk, and a plan replaces its whole folder; choose one on it.")
        try_place(out)
    except OSError as fault:
        where = Path(fault.filename).parent if fault.filename else out
        raise OutputError(
            f"{out}: {where} is not writable ({fault.strerror}); choose another --out."
        ) from fault


def _own_files(folder: Path) -> list[str]:
    """Return what somebody else put into a plan folder, by name."""
    if not folder.is_dir():
        return []
    names = sorted(each.name for each in folder.iterdir())
    return [name for name in names if not any(fnmatchcase(name, ours) for ours in OURS)]

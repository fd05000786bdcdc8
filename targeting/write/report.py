"""The report of a plan: `report.html` and `report.docx`, from the plan folder alone.

Whoever was sent the folder can make it, without the campaign's inputs; its numbers are those of the tables
beside it. The same folder gives the same bytes, so no time of day is in either file.
"""

from dataclasses import replace
from pathlib import Path

from targeting.errors import OutputError
from targeting.plan_folder import PlanFolder, with_actual
from targeting.whole import whole_files
from targeting.write import WORKBOOK
from targeting.write.actual import Posted
from targeting.write.picture import picture
from targeting.write.picture_data import read_drawing
from targeting.write.report_content import report_content
from targeting.write.report_docx import report_docx
from targeting.write.report_html import report_html
from targeting.write.report_map import narrow_map, wide_map
from targeting.write.report_sections import map_figure, report_document
from targeting.write.workbook_again import workbook_again

HTML, DOCX = "report.html", "report.docx"
PICTURES = ("map.pdf", "map.png")


def report(folder: Path, posted: Posted | None = None) -> list[Path]:
    """Write a plan's report into its folder, each file whole or not at all.

    The pictures for print (`targeting.write.picture`) are made too where they are not there yet.

    Parameters
    ----------
    folder : Path
        That `targeting plan` wrote.
    posted : Posted, optional
        What hung: its files are written too, and it stands in report and workbook beside the plan.

    Returns
    -------
    list of Path
        `report.html`, `report.docx`, `map.pdf`, `map.png`, and further pictures and files that were made.

    Raises
    ------
    OutputError
        When it is no plan folder, was made before plans kept what a report says, or cannot be written.
    """
    drawing = read_drawing(folder)
    # A plan that cannot be told is refused before pictures are made; what hung by other sheets is replaced
    report_content(drawing.plan if posted is None else replace(drawing.plan, posted={}))
    there = all((folder / name).is_file() for name in PICTURES)
    pictures = [folder / name for name in PICTURES] if there else picture(folder)
    try:
        with whole_files(folder) as partial:
            plan = drawing.plan if posted is None else _with(posted, drawing.plan, partial)
            content = report_content(plan)
            document = report_document(content, map_figure(wide_map(drawing), narrow_map(drawing), content))
            (partial / HTML).write_bytes(report_html(document).encode())
            (partial / DOCX).write_bytes(report_docx(document))
            if posted is not None:
                again = workbook_again(plan, content, posted.scores.languages, partial)
                (partial / WORKBOOK).write_bytes(again)
    except OSError as fault:
        raise OutputError(f"{folder}: a report cannot be written there ({fault.strerror}).") from fault
    more = [] if posted is None else [*posted.files, WORKBOOK]
    return [folder / HTML, folder / DOCX, *pictures, *(folder / name for name in more)]


def _with(posted: Posted, plan: PlanFolder, folder: Path) -> PlanFolder:
    """Write the files on what hung into a folder; return the plan with them, as everybody reads them."""
    for name, text in posted.files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return with_actual(plan, folder)

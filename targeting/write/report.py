"""The report of a plan: `report.html` and `report.docx`, from the plan folder alone.

Whoever was sent the folder can make it, without the campaign's inputs; its numbers are those of the tables
beside it. The same folder gives the same bytes, so no time of day is in either file.
"""

from pathlib import Path

from targeting.errors import OutputError
from targeting.whole import whole_files
from targeting.write.picture import picture
from targeting.write.picture_data import read_drawing
from targeting.write.report_content import report_content
from targeting.write.report_docx import report_docx
from targeting.write.report_html import report_html
from targeting.write.report_map import narrow_map, wide_map
from targeting.write.report_sections import map_figure, report_document

HTML, DOCX = "report.html", "report.docx"
PICTURES = ("map.pdf", "map.png")


def report(folder: Path) -> list[Path]:
    """Write a plan's report into its folder, each file whole or not at all.

    The pictures for print (`targeting.write.picture`) are made too where they are not there yet.

    Parameters
    ----------
    folder : Path
        That `targeting plan` wrote.

    Returns
    -------
    list of Path
        `report.html`, `report.docx`, `map.pdf`, `map.png`, and further pictures that were made.

    Raises
    ------
    OutputError
        When it is no plan folder, was made before plans kept what a report says, or cannot be written.
    """
    drawing = read_drawing(folder)
    content = report_content(drawing.plan)
    document = report_document(content, map_figure(wide_map(drawing), narrow_map(drawing), content))
    page, text = report_html(document).encode(), report_docx(document)
    there = all((folder / name).is_file() for name in PICTURES)
    pictures = [folder / name for name in PICTURES] if there else picture(folder)
    try:
        with whole_files(folder) as partial:
            for name, made in ((HTML, page), (DOCX, text)):
                (partial / name).write_bytes(made)
    except OSError as fault:
        raise OutputError(f"{folder}: a report cannot be written there ({fault.strerror}).") from fault
    return [folder / HTML, folder / DOCX, *pictures]

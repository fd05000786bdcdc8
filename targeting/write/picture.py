"""Pictures of a plan for print: `map.png`, `map.pdf` and `map-<language>.png`, to paste into an application.

The first page is the plan, and each language has a page of its own that shows whom it reaches. Drawn from
the plan folder alone, the same bytes for the same plan. Lines and words of the PDF are vectors.
"""

from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages

import targeting
from targeting.errors import OutputError
from targeting.whole import whole_files
from targeting.write.picture_data import Drawing, Shown, read_drawing
from targeting.write.picture_map import density_tint, draw_map, reach_tint
from targeting.write.picture_panel import draw_language_panel, draw_plan_panel
from targeting.write.picture_sheet import Sheet, clean, fit, house_style, shows, wrap

PAPERS = {"letter": (792.0, 612.0), "a4": (297 / 25.4 * 72, 210 / 25.4 * 72)}  # points, landscape
DPI = 300
MARGIN, PANEL, GAP = 30.0, 212.0, 14.0
HEAD, FOOT = 46.0, 30.0


def picture(folder: Path, paper: str = "letter") -> list[Path]:
    """Draw a plan into its folder, each file whole or not at all.

    Parameters
    ----------
    folder : Path
        That `targeting plan` wrote.
    paper : {"letter", "a4"}
        Landscape.

    Returns
    -------
    list of Path
        `map.pdf`, `map.png`, then `map-<tag>.png` of each language.

    Raises
    ------
    OutputError
        When it is no plan folder, was made before plans had layers, or cannot be written.
    """
    drawing = read_drawing(folder)
    pages: list[tuple[str, Shown | None]] = [("map.png", None)]
    pages += [(f"map-{language.tag}.png", language) for language in drawing.languages]
    about = {"Creator": f"targeting {targeting.__version__}", "Producer": None, "CreationDate": None}
    try:
        with (
            whole_files(folder) as whole,
            house_style(),
            (whole / "map.pdf").open("wb") as file,  # which PdfPages leaves open where the disk is full
            PdfPages(file, metadata={**about, "Title": clean(drawing.name)}) as pdf,
        ):
            for name, language in pages:
                figure = _page(drawing, PAPERS[paper], language).figure
                figure.savefig(pdf, format="pdf")
                figure.savefig(whole / name, format="png", dpi=DPI, metadata={"Software": None})
    except OSError as fault:
        raise OutputError(f"{folder}: pictures cannot be written there ({fault.strerror}).") from fault
    return [folder / name for name in ("map.pdf", *(name for name, _ in pages))]


def _page(drawing: Drawing, size: tuple[float, float], language: Shown | None) -> Sheet:
    sheet = Sheet(*size)
    inner = sheet.width - 2 * MARGIN
    top = sheet.height - MARGIN
    title, below = drawing.name, "The plan"
    if language is not None:
        own = language.own_name if shows(language.own_name) else ""
        named = language.english_name + (f" ({own})" if own and own != language.english_name else "")
        below = f"Posters in {named} and whom they reach"
    sheet.words(MARGIN, top - 14, fit(title, 17, inner, bold=True), 17, bold=True)
    sheet.words(
        MARGIN,
        top - 30,
        fit(f"{below} · {drawing.agencies} · timetable in the week {drawing.week}", 9, inner),
        9,
        color="#4a5056",
    )
    map_box = (
        MARGIN, MARGIN + FOOT, inner - PANEL - GAP, sheet.height - 2 * MARGIN - HEAD - FOOT,
    )  # fmt: skip
    tint = density_tint(drawing) if language is None else reach_tint(drawing, language)
    outside = draw_map(sheet, map_box, drawing, tint, None if language is None else language.tag)
    left, top, bottom = MARGIN + inner - PANEL, map_box[1] + map_box[3], map_box[1]
    if language is None:
        draw_plan_panel(sheet, left, top, PANEL, bottom, drawing, tint, outside)
    else:
        draw_language_panel(sheet, left, top, PANEL, bottom, drawing, tint, outside, language)
    for number, line in enumerate(wrap(drawing.source, 5.6, inner, lines=3)):
        sheet.words(MARGIN, MARGIN + FOOT - 13 - 7.5 * number, line, 5.6, color="#5d6368")
    return sheet

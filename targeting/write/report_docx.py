"""A document as a Word file: headings, tables and pictures that can be edited and pasted elsewhere.

Headings are real ones, header rows repeat on every page, pictures have alternative text. The same
document gives the same bytes: dates and the order of the archive are fixed.
"""

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor

from targeting.write.chart_png import chart_png
from targeting.write.document import (
    Bullets,
    Document,
    Figure,
    Image,
    KeyFigures,
    Paragraph,
    Section,
    Table,
)
from targeting.write.docx_table import SIZES, add_table

FONT = "Arial"  # on every Windows and Mac, and LibreOffice has one of the same widths
TEXT, QUIET, WARNING = RGBColor(0x1C, 0x24, 0x30), RGBColor(0x58, 0x62, 0x73), RGBColor(0x5C, 0x43, 0x00)
PAGE = (8.5, 11.0)  # inches: letter
MARGIN = 0.6
CONTENT = PAGE[0] - 2 * MARGIN
PIXELS_PER_INCH = 96
UNCHANGING = datetime(2000, 1, 1, tzinfo=UTC)
OLDEST = (1980, 1, 1, 0, 0, 0)  # that an archive can say
# name: size in points, bold, colour, space before and after
STYLES: dict[str, tuple[float, bool, RGBColor, float, float]] = {
    "Normal": (9.5, False, TEXT, 0, 4),
    "Title": (20, True, TEXT, 0, 1),
    "Subtitle": (9.5, False, QUIET, 0, 4),
    "Heading 1": (12.5, True, TEXT, 7, 3),
    "Heading 2": (10.5, True, TEXT, 9, 3),
    "Caption": (9, True, TEXT, 5, 2),
    "List Bullet": (8, False, TEXT, 0, 1.5),
    "List Number": (8.5, False, TEXT, 0, 1.5),
    "Footer": (8, False, QUIET, 0, 0),
}
OWN_STYLES: dict[str, tuple[float, bool, RGBColor, float, float]] = {
    "Kind": (8, True, QUIET, 0, 0),
    "Banner": (9, True, WARNING, 0, 4),
    "Lead": (10.5, False, TEXT, 0, 4),
    "Key Figure": (9, False, QUIET, 0, 2),
    "Note": (7.5, False, QUIET, 2, 3),
    "Picture": (9, False, TEXT, 3, 1),
}
OWN_STYLES |= {name: (size, False, TEXT, 1.2, 1.2) for name, size in SIZES.items()}
PARAGRAPHS = {"body": "Normal", "lead": "Lead", "note": "Note"}


def report_docx(document: Document) -> bytes:
    """Return a document as a Word file."""
    file = docx.Document()
    _set_up(file, document)
    if document.banner:
        file.add_paragraph(document.banner, style="Banner")
    file.add_paragraph(document.kind.upper(), style="Kind")
    file.add_paragraph(document.title, style="Title")
    file.add_paragraph(document.subtitle, style="Subtitle")
    for part in document.summary:
        _add_section(file, part, 1)
    # of the heading itself: a paragraph that only breaks the page can fall on a page of its own
    file.add_heading("Appendix", 1).paragraph_format.page_break_before = True
    for part in document.appendix:
        _add_section(file, part, 2)
    for words in document.foot:
        file.add_paragraph(words, style="Note")
    stream = BytesIO()
    file.save(stream)
    return _unchanging(stream.getvalue())


def _add_section(file: Any, part: Section, level: int) -> None:
    file.add_heading(part.title, level)
    for block in part.blocks:
        ADD[type(block)](file, block)


def _add_paragraph(file: Any, block: Paragraph) -> None:
    file.add_paragraph(block.text, style=PARAGRAPHS[block.kind])


def _add_bullets(file: Any, block: Bullets) -> None:
    if not block.numbered:
        for item in block.items:
            file.add_paragraph(item, style="List Bullet")
        return
    for number, item in enumerate(block.items, 1):  # Word would number all lists of the file as one
        line = file.add_paragraph(f"{number}.\t{item}", style="Note")
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(14), Pt(-14)
        line.paragraph_format.tab_stops.add_tab_stop(Pt(14))


def _add_figures(file: Any, block: KeyFigures) -> None:
    for figure in block.items:
        line = file.add_paragraph(style="Key Figure")
        value = line.add_run(figure.value + (f" ± {figure.margin}" if figure.margin else ""))
        value.bold, value.font.size, value.font.color.rgb = True, Pt(14), TEXT
        line.add_run(f"  {figure.counts}")


def _add_figure(file: Any, block: Figure) -> None:
    picture = block.paper
    png = picture.png if isinstance(picture, Image) else chart_png(picture)
    width = min(picture.width / PIXELS_PER_INCH, CONTENT)
    line = file.add_paragraph(style="Picture")
    line.paragraph_format.keep_with_next = bool(block.caption)
    drawn = line.add_run().add_picture(BytesIO(png), width=Inches(width))
    for side in ("distT", "distB", "distL", "distR"):  # without them LibreOffice moves the picture
        drawn._inline.set(side, "0")
    properties = drawn._inline.docPr
    properties.set("descr", picture.alternative)
    properties.set("name", f"Picture {properties.get('id')}")
    for words in block.caption:
        file.add_paragraph(words, style="Note")


def _add_table(file: Any, block: Table) -> None:
    caption = file.add_paragraph(block.caption, style="Caption")
    caption.paragraph_format.keep_with_next = True
    add_table(file, block, CONTENT)
    for words in block.notes:
        file.add_paragraph(words, style="Note")
    if not block.notes:
        file.add_paragraph(style="Note")  # tables that touch would become one


ADD: dict[type, Callable[[Any, Any], None]] = {
    Paragraph: _add_paragraph,
    Bullets: _add_bullets,
    KeyFigures: _add_figures,
    Figure: _add_figure,
    Table: _add_table,
}


def _set_up(file: Any, document: Document) -> None:
    """Set paper, styles, page numbers and properties."""
    section = file.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = map(Inches, PAGE)
    section.left_margin = section.right_margin = section.top_margin = Inches(MARGIN)
    section.bottom_margin, section.footer_distance = Inches(MARGIN), Inches(0.4)
    for name, look in STYLES.items():
        _style(file.styles[name], *look)
    for name, look in OWN_STYLES.items():
        style = file.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = file.styles["Normal"]
        _style(style, *look)
    footer = section.footer.paragraphs[0]
    footer.add_run(f"{document.title}: {document.kind.lower()} · page ")
    _add_field(footer, "PAGE")
    footer.add_run(" of ")
    _add_field(footer, "NUMPAGES")
    properties = file.core_properties
    properties.title, properties.subject = document.title[:255], document.kind
    properties.author = properties.last_modified_by = document.maker
    properties.comments, properties.keywords, properties.language = "", "", "en-US"
    properties.created = properties.modified = UNCHANGING
    properties.revision = 1
    package = file.part.package
    for key, link in list(package.rels.items()):  # the template's own picture of an empty page
        if link.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
            del package.rels[key]


def _style(style: Any, size: float, bold: bool, color: RGBColor, before: float, after: float) -> None:
    style.font.name, style.font.size, style.font.bold = FONT, Pt(size), bold
    style.font.italic = False
    style.font.color.rgb = color
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):  # a font of the template's theme would win over ours
        if name.endswith("Theme"):
            del fonts.attrib[name]
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(kind), FONT)
    look = style.paragraph_format
    look.space_before, look.space_after, look.line_spacing = Pt(before), Pt(after), 1.08
    for name in ("w:pBdr", "w:spacing"):  # the template underlines its title and spaces out what follows
        for parent in (style.element.pPr, style.element.rPr):
            found = None if parent is None else parent.find(qn(name))
            if found is not None and (name, parent.tag) != ("w:spacing", qn("w:pPr")):
                parent.remove(found)


def _add_field(line: Any, name: str) -> None:
    """Add a number that Word counts."""
    for kind, words in (("begin", None), (None, name), ("separate", None), ("text", "1"), ("end", None)):
        run = line.add_run()
        if kind == "text":
            run.text = str(words)
            continue
        mark = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark.text = f" {words} "
        run._r.append(mark)


def _unchanging(file: bytes) -> bytes:
    """Return an archive with the same content, and no time of day."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(file)) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            after.writestr(entry, before.read(name))
    return stream.getvalue()

"""Tables of a Word file: header rows that repeat, numbers to the right, rows that stay whole."""

from collections.abc import Iterator, Sequence
from typing import Any

from docx.enum.table import WD_ALIGN_VERTICAL
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, RGBColor

from targeting.write.document import Head, Table

SIZES = {"Table": 8.5, "Table Small": 7.5, "Table Tiny": 7.0}  # styles and their letters, in points
MANY, VERY_MANY = 7, 9  # columns, from which on letters are smaller
LETTER = 0.6 / 72  # inches: how wide a letter of one point is
PADDING = 0.18  # inches on both sides of a cell together
WORDY, SHORT = 24, 15  # letters, from which on a name takes several lines; beside running text
WHOLE = 15  # rows of a table that stays on one page
LINE, STRONG_LINE, QUIET = "D9DEE5", "9AA5B1", RGBColor(0x58, 0x62, 0x73)


def add_table(file: Any, block: Table, content: float) -> None:
    """Add a table as wide as its words need, at most `content` inches."""
    columns = sum(head.span for head in block.heads[0])
    style = (
        "Table Tiny" if columns > VERY_MANY else "Table Small" if columns >= MANY or block.prose else "Table"
    )
    heads = [row for row in block.heads if row]
    table = file.add_table(len(heads) + len(block.rows), columns)
    table.autofit = False
    _describe(table, block.caption)
    widths = _widths(block, columns, SIZES[style], content)
    for column, width in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):
        column.set(qn("w:w"), str(round(width * 1440)))
    rows = list(table.rows)
    cells = [list(row.cells) for row in rows]
    for row, line in zip(rows, cells, strict=True):
        _mark(row, "w:cantSplit")
        for cell, width in zip(line, widths, strict=True):
            cell.width = Inches(width)
    for row in rows[: len(heads)]:
        _mark(row, "w:tblHeader")
    _add_heads(cells[: len(heads)], heads, style, block)
    for place, (line, words) in enumerate(zip(cells[len(heads) :], block.rows, strict=True)):
        _add_row(line, words, style, block, place)


def _add_row(line: Sequence[Any], words: Sequence[str], style: str, block: Table, place: int) -> None:
    strong = place in block.strong
    for number, (cell, said) in enumerate(zip(line, words, strict=True)):
        prose = block.prose and number == len(words) - 1
        paragraph = cell.paragraphs[0]
        paragraph.style = style
        paragraph.alignment = _side(number, block, len(words))
        paragraph.paragraph_format.keep_with_next = place + 1 < len(block.rows) <= WHOLE
        if number == 0 and block.swatches and block.swatches[place]:
            color = block.swatches[place].lstrip("#").upper()
            paragraph.add_run("■ ").font.color.rgb = RGBColor.from_string(color)
        value, between, margin = (said, "", "") if prose else said.partition(" ± ")
        paragraph.add_run(value).bold = strong
        if between:
            run = paragraph.add_run()
            if block.stacked:
                run.add_break()
            run.add_text(f"{'' if block.stacked else ' '}± {margin}")
            run.font.color.rgb = QUIET
        _line(cell, STRONG_LINE if place + 1 in block.strong else LINE)


def _add_heads(
    cells: Sequence[Sequence[Any]], heads: Sequence[Sequence[Head]], style: str, block: Table
) -> None:
    """Write the headings; one of several columns or rows is one cell."""
    columns = len(cells[0])
    for row, last, at, head in _places(heads):
        cell = cells[row][at]
        if (last, at + head.span - 1) != (row, at):
            cell = cell.merge(cells[last][at + head.span - 1])
        paragraph = cell.paragraphs[0]
        paragraph.style = style
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if head.span > 1 else _side(at, block, columns)
        paragraph.paragraph_format.keep_with_next = True
        run = paragraph.add_run(head.text)
        run.font.color.rgb = QUIET
        _line(cell, STRONG_LINE if last == len(heads) - 1 else LINE)
        cell.vertical_alignment = WD_ALIGN_VERTICAL.BOTTOM


def _places(heads: Sequence[Sequence[Head]]) -> Iterator[tuple[int, int, int, Head]]:
    """Yield each heading with its first and last row, and its first column."""
    taken: set[tuple[int, int]] = set()
    for row, line in enumerate(heads):
        at = 0
        for head in line:
            while (row, at) in taken:
                at += 1
            last = min(row + head.rows, len(heads)) - 1
            taken |= {(down, across) for down in range(row, last + 1) for across in range(at, at + head.span)}
            yield row, last, at, head
            at += head.span


def _side(number: int, block: Table, columns: int) -> Any:
    words = number == 0 or number in block.left or (block.prose and number == columns - 1)
    return WD_ALIGN_PARAGRAPH.LEFT if words else WD_ALIGN_PARAGRAPH.RIGHT


def _widths(block: Table, columns: int, size: float, content: float) -> list[float]:
    """Return the columns' widths in inches: what their words need, running text what is left over."""
    letters, longest = [3] * columns, SHORT if block.prose and columns >= MANY else WORDY
    for row in block.rows:
        for number, cell in enumerate(row):
            parts = cell.replace(" ± ", "|± ").split("|") if block.stacked else [cell]
            letters[number] = max(letters[number], *(min(len(part), longest) for part in parts))
    for _, _, number, head in _places([row for row in block.heads if row]):
        if head.span == 1:
            letters[number] = max(letters[number], len(head.text) // 2, *map(len, head.text.split()))
    if block.swatches:
        letters[0] += 2
    widths = [count * size * LETTER + PADDING for count in letters]
    if block.prose:
        widths[-1] = max(content - sum(widths[:-1]), 0.4 * content)
    return [width * min(content / sum(widths), 1.0) for width in widths]


def _mark(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _line(cell: Any, color: str) -> None:
    """Draw a line below a cell."""
    borders = OxmlElement("w:tcBorders")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", color)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)


def _describe(table: Any, caption: str) -> None:
    """Give a table its title for those who have it read aloud."""
    title = OxmlElement("w:tblCaption")
    title.set(qn("w:val"), caption)
    table._tbl.tblPr.append(title)

"""A document before it is a page or a file: titles, paragraphs, figures and tables, and no markup.

The report is built of these once; `report_html` and `report_docx` each say how one looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from targeting.write.svg import Chart


@dataclass(frozen=True)
class Paragraph:
    """Running text; a "note" is set smaller."""

    form: ClassVar[str] = "paragraph"
    text: str
    kind: Literal["body", "lead", "note"] = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences; `numbered` where the text refers to them."""

    form: ClassVar[str] = "bullets"
    items: Sequence[str]
    numbered: bool = False


@dataclass(frozen=True)
class KeyFigure:
    """A number that stands by itself: its value, its margin ("" without) and what it counts."""

    value: str
    margin: str
    counts: str


@dataclass(frozen=True)
class KeyFigures:
    """Numbers that stand beside each other."""

    form: ClassVar[str] = "figures"
    items: Sequence[KeyFigure]


@dataclass(frozen=True)
class Image:
    """A picture of dots.

    Attributes
    ----------
    png : bytes
    width, height : float
        Pixels on a page, 96 to an inch; there may be more dots.
    alternative : str
        What it shows, in words.
    """

    png: bytes
    width: float
    height: float
    alternative: str


@dataclass(frozen=True)
class Figure:
    """A picture with its caption, drawn for three widths.

    Attributes
    ----------
    wide, narrow : Chart or Image
        For screens, and for telephones.
    paper : Chart or Image
        For documents of letter size.
    caption : sequence of str
    """

    form: ClassVar[str] = "figure"
    wide: Chart | Image
    narrow: Chart | Image
    paper: Chart | Image
    caption: Sequence[str] = ()


@dataclass(frozen=True)
class Head:
    """A heading of one or more columns."""

    text: str
    span: int = 1
    rows: int = 1


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its heading.

    Attributes
    ----------
    strong : sequence of int
        Places of the rows in bold.
    swatches : sequence of str
        Colours before the rows' headings.
    left : sequence of int
        Places of the columns with words, besides the first and running text.
    prose : bool
        Whether the last column is running text.
    stacked : bool
        Whether margins stand below their figures, to save width.
    notes : sequence of str
        What stands below.
    """

    form: ClassVar[str] = "table"
    caption: str
    heads: Sequence[Sequence[Head]]
    rows: Sequence[Sequence[str]]
    strong: Sequence[int] = ()
    swatches: Sequence[str] = ()
    left: Sequence[int] = ()
    prose: bool = False
    stacked: bool = False
    notes: Sequence[str] = ()


Block = Paragraph | Bullets | KeyFigures | Figure | Table


@dataclass(frozen=True)
class Section:
    """A part with a title of its own; `id` names it in a page."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A whole document.

    Attributes
    ----------
    kind, title, subtitle : str
        What sort of document it is, whose, and of when.
    banner : str
        A warning over everything; empty for none.
    summary, appendix : sequence of Section
        What everybody reads, and what stands behind it.
    foot : sequence of str
        At the very end.
    maker : str
        The program that made it.
    """

    kind: str
    title: str
    subtitle: str
    banner: str
    summary: Sequence[Section]
    appendix: Sequence[Section]
    foot: Sequence[str]
    maker: str

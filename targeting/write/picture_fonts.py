"""The letters of a picture: of the font that comes with matplotlib, and of installed fonts what that lacks.

Words that the first has look the same on every machine. For others, such as Chinese and Korean, the fonts of
the system are looked through, always in the same order; what none of them has cannot be shown.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.font_manager import findSystemFonts
from matplotlib.ft2font import FT2Font, LoadFlags

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
PLACEHOLDERS = ("lastresort", "adobeblank")  # have every letter, and show none
ODD = ("italic", "oblique", "mono", "condensed", "light", "thin", "black")


@cache
def house_font(bold: bool) -> Path:
    """Return the file of the font that comes with matplotlib."""
    return Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@lru_cache(maxsize=4096)
def can_show(letter: str, *, bold: bool) -> bool:
    """Return whether there is a font that has a letter."""
    return any(_has(file, letter) for file in (house_font(bold), *installed(bold)))


def runs(text: str, *, bold: bool) -> Iterator[tuple[Path, str]]:
    """Yield a text in parts, each with the file of the font that has its letters."""
    house = house_font(bold)
    while text:
        if _has(house, text[0]):
            file, part = house, "".join(takewhile(lambda letter: _has(house, letter), text))
        else:
            lacked = "".join(takewhile(lambda letter: _joins(letter) or not _has(house, letter), text))
            file, part = _borrowed(lacked, bold)
        yield file, part
        text = text[len(part) :]


@lru_cache(maxsize=4096)
def width(file: Path, text: str, size: float) -> float:
    """Return how wide a text in one font is, in points."""
    font = _opened(file)
    font.set_size(size, 72)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0]) / 64


def _borrowed(text: str, bold: bool) -> tuple[Path, str]:
    """Return the installed font that has all of a text, else one for as much of its beginning as it has."""
    fonts = [file for file in installed(bold) if _has(file, text[0])]
    if not fonts:
        return house_font(bold), text[0]
    found = ["".join(takewhile(lambda letter: _has(file, letter), text)) for file in fonts]  # noqa: B023
    best = max(range(len(fonts)), key=lambda at: len(found[at]))
    return fonts[best], found[best]


def _joins(letter: str) -> bool:
    """Return whether a letter is only shown with the one before it, in the same font."""
    return letter in JOINERS or unicodedata.category(letter).startswith("M")


@cache
def installed(bold: bool) -> tuple[Path, ...]:
    """Return the files of the system's fonts that can be drawn, plain sans serif ones first."""
    files = sorted({Path(file) for file in findSystemFonts()})
    return tuple(sorted(filter(_usable, files), key=lambda file: _oddness(file.stem.lower(), bold)))


def _oddness(name: str, bold: bool) -> tuple[bool, bool, bool]:
    return "sans" not in name, any(word in name for word in ODD), ("bold" in name) != bold


def _usable(file: Path) -> bool:
    if any(word in file.stem.lower() for word in PLACEHOLDERS):
        return False
    try:
        return bool(FT2Font(str(file)).scalable) and len(_codes(file)) > 0
    except (OSError, RuntimeError):  # a file that is no font, or not to be read
        return False


@cache
def _codes(file: Path) -> npt.NDArray[np.int64]:
    return np.sort(np.fromiter(FT2Font(str(file)).get_charmap(), np.int64))


@lru_cache(maxsize=65536)
def _has(file: Path, letter: str) -> bool:
    codes = _codes(file)
    at = int(np.searchsorted(codes, ord(letter)))
    return at < len(codes) and int(codes[at]) == ord(letter)


@lru_cache(maxsize=64)
def _opened(file: Path) -> FT2Font:
    return FT2Font(str(file))

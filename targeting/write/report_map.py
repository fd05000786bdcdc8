"""The picture of a plan for its report: the map with a legend, beside it or below it, and no figures.

The figures stand in the report's own tables, so that the picture has room for the map. It is drawn in the
size in which it is printed, and narrower with larger letters for telephones.
"""

from targeting.write.chart_png import png_of
from targeting.write.document import Image
from targeting.write.picture_data import Drawing
from targeting.write.picture_map import density_tint, draw_map
from targeting.write.picture_panel import draw_legend
from targeting.write.picture_sheet import Sheet, house_style

PIXELS = 96 / 72  # to a point
WIDE = (510.0, 272.0)  # points, with the legend beside the map
LEGEND, GAP = 122.0, 10.0
NARROW, HIGH = 255.0, 235.0  # of the map, with the legend below it
ROW, SIGNS = 11.0, 132.0  # of the legend: a language, and all the rest
DPI = 200


def wide_map(drawing: Drawing) -> Image:
    """Return the map for pages and paper."""
    width, height = WIDE
    with house_style():
        sheet = Sheet(width, height)
        tint = density_tint(drawing)
        outside = draw_map(sheet, (0.5, 0.5, width - LEGEND - GAP, height - 1), drawing, tint)
        draw_legend(sheet, width - LEGEND, height, LEGEND, drawing, tint, outside)
        return _image(sheet, drawing)


def narrow_map(drawing: Drawing) -> Image:
    """Return the map for telephones."""
    below = SIGNS + ROW * len(drawing.languages)
    with house_style():
        sheet = Sheet(NARROW, HIGH + below)
        tint = density_tint(drawing)
        outside = draw_map(sheet, (0.5, below, NARROW - 1, HIGH - 0.5), drawing, tint)
        draw_legend(sheet, 0.0, below - 6, NARROW, drawing, tint, outside)
        return _image(sheet, drawing)


def _image(sheet: Sheet, drawing: Drawing) -> Image:
    return Image(
        png=png_of(sheet, DPI),
        width=sheet.width * PIXELS,
        height=sheet.height * PIXELS,
        alternative=_words(drawing),
    )


def _words(drawing: Drawing) -> str:
    """Return what the map shows, for those who do not see it."""
    carried = {
        language.english_name: [
            name
            for name, tags in zip(drawing.routes["name"], drawing.routes["languages"], strict=True)
            if language.tag in tags
        ]
        for language in drawing.languages
    }
    said = [f"{language} on {', '.join(names)}" for language, names in carried.items() if names]
    venues = f" Venues with posters: {len(drawing.venues)}." if len(drawing.venues) else ""
    return f"Map of the routes that carry posters. {'; '.join(said) or 'No route carries any'}.{venues}"

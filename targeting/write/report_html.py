"""A document as one page: it opens anywhere, prints well, asks for nothing, and can be read aloud."""

from base64 import b64encode
from importlib.resources import files

import jinja2

from targeting.write.document import Document, Image


def report_html(document: Document) -> str:
    """Return a document as one HTML page without scripts and without requests."""
    package = files("targeting.write")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["data"] = _data
    environment.tests["dots"] = lambda picture: isinstance(picture, Image)
    template = environment.from_string(package.joinpath("report.html").read_text(encoding="utf-8"))
    return template.render(document=document, css=package.joinpath("report.css").read_text(encoding="utf-8"))


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode('ascii')}"

"""The map as a notebook shows it: the offline page in a frame of its own."""

from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path

from targeting.errors import OutputError
from targeting.whole import whole_file

HEIGHT_PX = 640


@dataclass(frozen=True, repr=False)
class PlanMap:
    """The interactive map of a plan. A notebook shows it where a cell ends in it.

    Attributes
    ----------
    title : str
        The campaign's name.
    html : str
        The whole page, which needs no network: the text of map.html.
    """

    title: str
    html: str

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page, whole or not at all; an earlier file is replaced.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        file = Path(path)
        try:
            with whole_file(file) as partial:
                partial.write_text(self.html, encoding="utf-8", newline="")
        except OSError as fault:
            raise OutputError(f"{file}: cannot be written ({fault.strerror}).") from fault
        return file

    def __repr__(self) -> str:
        return f"<map of {self.title}: a notebook shows it, .save('map.html') writes it>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="Map of {escape(self.title)}" srcdoc="{escape(self.html)}" '
            f'style="width: 100%; height: {HEIGHT_PX}px; border: 0"></iframe>'
        )

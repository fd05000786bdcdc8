"""How large files from outside may be: tables, map layers, and what comes out of a zip."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How large a file may be and grow when it is unpacked, before it is refused (docs/campaign-file.md).

    Attributes
    ----------
    file_mb : float
        The largest table or map layer, megabytes.
    unpacked_mb : float
        The most that all the tables of a feed, or a packed map layer, may be together, megabytes.
    ratio : float
        How many times larger a file may be than it is in its zip.
    members : int
        The most files in a zip or a folder.
    """

    file_mb: float = 500.0
    unpacked_mb: float = 2000.0
    ratio: float = 200.0
    members: int = 1000

    @property
    def file_bytes(self) -> int:
        """The largest table or map layer."""
        return int(self.file_mb * 1e6)

    @property
    def unpacked_bytes(self) -> int:
        """The most that all the tables of a feed, or a packed map layer, may be together."""
        return int(self.unpacked_mb * 1e6)


DEFAULT_LIMITS = Limits()

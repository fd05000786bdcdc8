"""The layers of a plan folder as files of their own: GeoParquet, or GeoJSON by RFC 7946.

Made from `plan.gpkg` alone, the same bytes for the same plan.
"""

from pathlib import Path
from typing import Literal

import geopandas as gpd
import pyogrio

from targeting.errors import OutputError
from targeting.layer_faults import written_as_a_file
from targeting.whole import whole_files
from targeting.write import LAYERS, RECORD
from targeting.write.plan_layers import SHAPES

Format = Literal["geoparquet", "geojson"]
ENDINGS = {"geoparquet": "parquet", "geojson": "geojson"}
PLACES = 6  # decimals of a degree: 10 cm


def layer_files(folder: Path, kind: Format, out: Path | None = None) -> list[Path]:
    """Write each layer of a plan into a file, all of them or none.

    Parameters
    ----------
    folder : Path
        That `targeting plan` wrote.
    kind : {"geoparquet", "geojson"}
    out : Path, optional
        Folder to write into, the plan's own where not given. Earlier files of layers are replaced.

    Returns
    -------
    list of Path
        Such as `routes.geojson`, in the order of the layers.

    Raises
    ------
    OutputError
        When the folder holds no layers, or `out` something else than layers, or cannot be written.
    """
    layers = _read(folder)
    into = folder if out is None else out
    names = {layer: f"{layer}.{ENDINGS[kind]}" for layer in layers}
    if out is not None and out.resolve() != folder.resolve():
        _refuse_other(out)
    made = not into.exists()
    try:
        into.mkdir(parents=True, exist_ok=True)
        with whole_files(into) as partial:
            for layer, name in names.items():
                with written_as_a_file(partial / name):
                    _write(layers[layer], partial / name, layer, kind)
            for layer in SHAPES:  # so that layers of two plans never stand together
                (into / f"{layer}.{ENDINGS[kind]}").unlink(missing_ok=True)
    except OSError as fault:
        if made and into.is_dir() and not any(into.iterdir()):
            into.rmdir()
        raise OutputError(f"{into}: cannot be written ({fault.strerror}); choose another --out.") from fault
    return [into / name for name in names.values()]


def _read(folder: Path) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a plan folder; whole numbers stay whole where some are empty."""
    path = folder / LAYERS
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder; give one that 'targeting plan' wrote.")
    if not (folder / RECORD).is_file():
        raise OutputError(
            f"{folder}: holds no plan (there is no {RECORD}); give one that 'targeting plan' wrote."
        )
    if not path.is_file():
        raise OutputError(
            f"{folder}: holds no {LAYERS}, as plans for the public do not; make the plan for staff with "
            "'targeting plan'."
        )
    try:
        found = set(pyogrio.list_layers(path)[:, 0])
        layers = {}
        for name in (name for name in SHAPES if name in found):
            layer = pyogrio.read_dataframe(path, layer=name)
            info = pyogrio.read_info(path, layer=name)
            whole = [field for field, of in zip(info["fields"], info["dtypes"], strict=True) if of == "int64"]
            layers[name] = layer.astype(dict.fromkeys(whole, "Int64"))
    except (OSError, ValueError, pyogrio.errors.DataSourceError) as fault:
        raise OutputError(
            f"{path}: cannot be read ({fault}); make the plan again with 'targeting plan'."
        ) from fault
    if not layers:
        raise OutputError(f"{path}: holds no layer of a plan; make the plan again with 'targeting plan'.")
    return layers


def _refuse_other(out: Path) -> None:
    """Refuse a folder that holds anything but layers, some of which would be replaced."""
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: is a file; choose a folder with --out.")
    known = {f"{layer}.{ending}" for layer in SHAPES for ending in ENDINGS.values()}
    other = sorted({path.name for path in out.iterdir()} - known) if out.is_dir() else []
    if other:
        raise OutputError(
            f"{out}: holds files that are no layers (first: {other[0]}), and layers there would be replaced; "
            "choose another --out."
        )


def _write(layer: gpd.GeoDataFrame, path: Path, name: str, kind: Format) -> None:
    if kind == "geoparquet":
        layer.to_parquet(path, index=False)
        return
    pyogrio.write_dataframe(
        layer,
        path,
        layer=name,
        driver="GeoJSON",
        geometry_type=SHAPES[name],
        promote_to_multi=SHAPES[name].startswith("Multi"),
        RFC7946=True,
        COORDINATE_PRECISION=PLACES,
    )

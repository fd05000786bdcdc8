"""The invented city as a region of the nation: every source in its true shape, on one local server."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import shapely
from census_server import INVALID_KEY, MISSING_KEY
from servers import Answer, Asked, Server, catalogue_csv, json_answer, ranged

from targeting.fetch.sources import Sources
from targeting.languages import CATEGORIES, GROUPS
from targeting.sample import write_sample

YEAR = 2023  # the latest release of this nation
KEY = "f00dfeedc0ffee1234567890"
COUNTIES = ("41001", "41003")  # the sample's two, in a state that there is
PUMAS = {"41001": "4100100", "41003": "4100300"}
NAMES = {"41001": "Ansel County", "41003": "Birk County"}
COUNTRIES = {1: "Total:", 2: "Total:!!Europe:", 3: "Total:!!Europe:!!Ukraine", 4: "Total:!!Asia:!!Korea"}
TERMS = "https://city.example/terms"
FILES = f"/programs-surveys/acs/summary_file/{YEAR}/table-based-SF"

Rows = Mapping[str, Mapping[str, str]]  # values by GEO_ID and column


class RegionServer:
    """Serves what a region's fetch asks for; `sources` are its addresses.

    Attributes
    ----------
    tables : dict of str to rows
        What is published of C16001, B16001 and B05006, tracts and PUMAs.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.sources = Sources(server.url("/data"), server.url(""), server.url("/feeds_v2.csv"))
        write_sample(folder / "sample")
        self._folder = folder
        self._acs = folder / "sample" / "acs"
        tracts = self._tracts()
        self.tables: dict[str, Rows] = {
            "C16001": tracts,
            "B16001": _by_puma(tracts),
            "B05006": _births(tracts),
        }
        self._serve_tables()
        self._serve_outlines()
        self._serve_points()
        relation = [f"{g[9:11]},{g[11:14]},{g[14:]},{PUMAS[g[9:14]][2:]}" for g in tracts]
        server.rules["/geo/docs/maps-data/data/rel2020/2020_Census_Tract_to_2020_PUMA.txt"] = Answer(
            ("\ufeff" + "\r\n".join(["STATEFP,COUNTYFP,TRACTCE,PUMA5CE", *relation, ""])).encode()
        )
        self.feed = (folder / "sample" / "gtfs" / "sample.zip").read_bytes()
        listed = {
            "id": "mdb-7", "provider": "City Lines", "direct_download": server.url("/city/gtfs.zip"),
            "license": TERMS, "minimum_latitude": "44.9", "maximum_latitude": "45.1",
            "minimum_longitude": "-129.6", "maximum_longitude": "-129.2",
        }  # fmt: skip
        server.rules["/feeds_v2.csv"] = Answer(catalogue_csv(listed))
        server.rules["/city/gtfs.zip"] = ranged(self.feed)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.server.asked]

    def _tracts(self) -> Rows:
        with (self._acs / "sample_c16001.csv").open(newline="", encoding="utf-8") as stream:
            return {f"1400000US41{row['GEOID'][2:]}": row for row in csv.DictReader(stream)}

    def _serve_tables(self) -> None:
        rules = self.server.rules
        rules[f"/data/{YEAR}/acs/acs5"] = self._api
        variables = {
            f"B05006_{line:03d}{end}": {"label": f"{kind}!!{label}"}
            for line, label in COUNTRIES.items()
            for end, kind in (("E", "Estimate"), ("M", "Margin of Error"), ("EA", "Annotation of Estimate"))
        }
        definitions = json.dumps({"variables": variables | {"GEO_ID": {"label": "Geography"}}})
        rules[f"/data/{YEAR}/acs/acs5/groups/B05006.json"] = json_answer(definitions)
        for table, rows in self.tables.items():
            columns = [name for name in next(iter(rows.values())) if name.startswith(table)]
            head = "|".join(["GEO_ID", *(f"{table}_{name[-1]}{name[-4:-1]}" for name in columns)])
            lines = [head, "0100000US" + "|1" * len(columns)]
            lines += ["|".join([geo_id, *(row[name] for name in columns)]) for geo_id, row in rows.items()]
            lines += ["1400000US53011040101" + "|9" * len(columns)]
            rules[f"{FILES}/data/5YRData/acsdt5y{YEAR}-{table.lower()}.dat"] = _text(lines)
        names = [
            f"ACSSF|OR|140|{geo}|{row['NAME']}" for rows in self.tables.values() for geo, row in rows.items()
        ]
        rules[f"{FILES}/documentation/Geos{YEAR}5YR.txt"] = _text(
            ["FILEID|STUSAB|SUMLEVEL|GEO_ID|NAME", *names]
        )
        shells = [
            f"B05006|{line}.0|0|B05006_{line:03d}|{said.split('!!')[-1]}" for line, said in COUNTRIES.items()
        ]
        rules[f"{FILES}/documentation/ACS{YEAR}5YR_Table_Shells.txt"] = _text(
            ["Table ID|Line|Indent|Unique ID|Label", *shells]
        )

    def _api(self, asked: Asked) -> Answer:
        """Answer as the Census API."""
        query = asked.query
        if query.get("key") != KEY:
            page = INVALID_KEY if query.get("key") else MISSING_KEY
            return Answer(page, headers={"Content-Type": "text/html"})
        fields = query["get"].split(",")
        if query["for"] == "us:1":
            return json_answer('[["NAME","us"],["United States","1"]]')
        table = next(name[:6] for name in fields if name[-4:-1].isdigit())
        codes = query["for"].partition(":")[2]
        inside = "".join(part.partition(":")[2] for part in query["in"].split())
        found = [
            (geo_id, row) for geo_id, row in self.tables[table].items()
            if geo_id[9:].startswith(inside) and (codes == "*" or geo_id[11:] in codes.split(","))
        ]  # fmt: skip
        unknown = [name for name in fields if name != "GEO_ID" and any(name not in row for _, row in found)]
        if unknown:
            return Answer(f"error: unknown variable '{unknown[0]}'".encode(), 400)
        if not found:
            return Answer(b"", 204)
        rows = [
            [*({**row, "GEO_ID": geo_id}[name] for name in fields), geo_id[9:11]] for geo_id, row in found
        ]
        return json_answer(json.dumps([[*fields, "state"], *rows]))

    def _serve_outlines(self) -> None:
        tracts = gpd.read_file(self._acs / "sample_tracts.geojson").to_crs(4269)
        tracts["GEOID"] = "41" + tracts["GEOID"].str[2:]
        tracts["COUNTYFP"], tracts["NAMELSAD"] = (
            tracts["GEOID"].str[2:5],
            tracts["NAME"].str.split(",").str[0],
        )
        self._shapes(f"/geo/tiger/GENZ{YEAR}/shp/cb_{YEAR}_41_tract_500k.zip", tracts)
        counties = tracts[["COUNTYFP", "geometry"]].dissolve("COUNTYFP", as_index=False)
        counties["GEOID"] = "41" + counties["COUNTYFP"]
        counties["NAME"] = counties["NAMELSAD"] = counties["GEOID"].map(NAMES)
        self._shapes(f"/geo/tiger/GENZ{YEAR}/shp/cb_{YEAR}_us_county_500k.zip", counties)
        for county in COUNTIES:
            west, south, *_ = counties.set_index("GEOID").geometry[county].bounds
            lake = gpd.GeoDataFrame(
                {"HYDROID": [f"110{county}"], "FULLNAME": ["Long Lk"]},
                geometry=[shapely.box(west, south, west + 0.02, south + 0.01)],
                crs=4269,
            )
            self._shapes(f"/geo/tiger/TIGER{YEAR}/AREAWATER/tl_{YEAR}_{county}_areawater.zip", lake)

    def _shapes(self, path: str, frame: gpd.GeoDataFrame) -> None:
        place = self._folder / "made" / Path(path).stem
        place.mkdir(parents=True)
        frame.to_file(place / f"{place.name}.shp")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(place.iterdir()):
                archive.write(part, part.name)
        self.server.rules[path] = ranged(packed.getvalue(), etag=f'"{place.name}"')

    def _serve_points(self) -> None:
        points = gpd.read_file(self._acs / "sample_points.geojson")
        blocks = gpd.GeoDataFrame(
            {
                "COUNTYFP20": points["GEOID"].str[2:5],
                "GEOID20": "41" + points["GEOID"].str[2:],
                "POP20": points["population"],
                "INTPTLAT20": points.geometry.y.map("{:+.7f}".format),
                "INTPTLON20": points.geometry.x.map("{:+.7f}".format),
            },
            geometry=[
                shapely.box(x, y, x + 0.001, y + 0.001) for x, y in points.get_coordinates().to_numpy()
            ],
            crs=4269,
        )
        self._shapes(f"/geo/tiger/TIGER{YEAR}/TABBLOCK20/tl_{YEAR}_41_tabblock20.zip", blocks)
        groups = points.assign(
            group="41" + points["GEOID"].str[2:12],
            x=points.geometry.x * points["population"],
            y=points.geometry.y * points["population"],
        ).groupby("group")[["population", "x", "y"]].sum()  # fmt: skip
        lines = [
            f"{code[:2]},{code[2:5]},{code[5:11]},{code[11:]},{people},{y / people:+.6f},{x / people:+.6f}"
            for code, people, x, y in groups[groups["population"] > 0].itertuples()
        ]
        head = "STATEFP,COUNTYFP,TRACTCE,BLKGRPCE,POPULATION,LATITUDE,LONGITUDE"
        self.server.rules["/geo/docs/reference/cenpop2020/blkgrp/CenPop2020_Mean_BG41.txt"] = Answer(
            ("\ufeff" + "\r\n".join([head, *lines, ""])).encode()
        )


def _by_puma(tracts: Rows) -> Rows:
    """Return table B16001 of each county as one PUMA: a group's people in even parts by category."""
    parts = {key: [c for c in CATEGORIES.values() if c.group == key] for key in GROUPS}
    rows: dict[str, dict[str, str]] = {}
    for county, puma in PUMAS.items():
        inside = [row for geo_id, row in tracts.items() if geo_id[9:14] == county]

        def summed(name: str, inside: Sequence[Mapping[str, str]] = inside) -> float:
            return sum(float(row[name]) for row in inside)

        values = {f"B16001_{line:03d}{end}": "0" for line in range(1, 129) for end in "EM"}
        for key, categories in parts.items():
            for category in categories:
                for nth in (0, 2):  # all speakers, and those who speak English less than "very well"
                    speakers = summed(f"C16001_{GROUPS[key].first_line + nth:03d}E") / len(categories)
                    values[f"B16001_{category.first_line + nth:03d}E"] = f"{speakers:.0f}"
                    values[f"B16001_{category.first_line + nth:03d}M"] = f"{speakers / 10 + 5:.0f}"
        others = (values[f"B16001_{category.first_line:03d}E"] for category in CATEGORIES.values())
        people = summed("C16001_001E")
        values |= {"B16001_001E": f"{people:.0f}", "B16001_002E": f"{people - sum(map(float, others)):.0f}"}
        rows[f"795P200US{puma}"] = {"NAME": f"{NAMES[county]} PUMA, Oregon", **values}
    return rows


def _births(tracts: Rows) -> Rows:
    """Return table B05006, its figures made of the tract's code."""
    names = [f"B05006_{line:03d}{end}" for line in COUNTRIES for end in "EM"]
    return {
        geo_id: {
            "NAME": row["NAME"],
            **{name: str(int(geo_id[-3:]) % 90 + int(name[-4:-1])) for name in names},
        }
        for geo_id, row in tracts.items()
    }


def _text(lines: Sequence[str]) -> Callable[[Asked], Answer]:
    return ranged("".join(f"{line}\n" for line in lines).encode(), etag=f'"{len(lines)}"')

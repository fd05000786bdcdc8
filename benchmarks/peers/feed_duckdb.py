"""Weekly departures by route and stop: DuckDB, in SQL.

    python benchmarks/peers/feed_duckdb.py feed.zip 2025-02-24 departures.csv

DuckDB reads files but no zip, so the tables it needs are unpacked first; it is told the types, and guesses
none.
"""

import sys
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import duckdb

TABLES = ("routes", "trips", "calendar", "calendar_dates", "stop_times")
COUNT = """
COPY (
  WITH week AS (
    SELECT CAST($monday AS DATE) + CAST(n AS INTEGER) AS day FROM range(7) days(n)
  ), regular AS (
    SELECT service_id, day FROM (
      UNPIVOT calendar ON monday, tuesday, wednesday, thursday, friday, saturday, sunday
      INTO NAME weekday VALUE runs
    ) JOIN week ON lower(dayname(day)) = weekday
      AND strftime(day, '%Y%m%d') BETWEEN start_date AND end_date
    WHERE runs = '1'
  ), special AS (
    SELECT service_id, day, exception_type
    FROM calendar_dates JOIN week ON date = strftime(day, '%Y%m%d')
  ), running AS (
    (SELECT * FROM regular UNION SELECT service_id, day FROM special WHERE exception_type = '1')
    EXCEPT SELECT service_id, day FROM special WHERE exception_type = '2'
  ), weekly AS (
    SELECT trip_id, route_id, count(*) AS days
    FROM trips JOIN routes USING (route_id) JOIN running USING (service_id)
    WHERE route_type = '3' OR CAST(route_type AS INTEGER) BETWEEN 700 AND 899
    GROUP BY ALL
  )
  SELECT route_id, stop_id, sum(days) AS departures_week
  FROM stop_times JOIN weekly USING (trip_id)
  WHERE {open}
  GROUP BY ALL
) TO '{out}' (HEADER)
"""


def write_weekly_departures(feed: Path, first_day: date, out: Path) -> None:
    """Write the departures of buses in the week from a Monday, by route_id and stop_id."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(feed) as archive, duckdb.connect() as db:
        for table in TABLES:
            archive.extract(f"{table}.txt", folder)
            db.execute(
                f"CREATE VIEW {table} AS FROM read_csv('{folder}/{table}.txt', header=true, delim=',', "
                "all_varchar=true)"
            )
        columns = {name for name, *_ in db.execute("DESCRIBE stop_times").fetchall()}
        there = {"pickup_type", "drop_off_type"} <= columns
        stops = "coalesce(pickup_type, '') <> '1' OR coalesce(drop_off_type, '') <> '1'" if there else "true"
        db.execute(COUNT.format(open=stops, out=out), {"monday": first_day})


if __name__ == "__main__":
    write_weekly_departures(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), Path(sys.argv[3]))

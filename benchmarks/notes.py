"""What stands below the tables of RESULTS.md: what the programs do more or less than ours."""

FEED = """
A departure is a call of a bus at a stop on a day of the week, the last of a trip included, without calls
where nobody may board or alight. All programs are given the week, and must give the same number for every
route and stop: the largest difference to ours stands beside each.

- Ours is `targeting.weekly_departures`. It does more in that time: it checks the feed (quotes, widths of
  rows, encoding, ids and calls listed twice, stops without a place), and reads headways where there are any.
  The others read what the count needs, and would miscount feeds that leave blanks, repeat trips by headways
  or write ids with blanks around them.
- "All that a plan reads" is what `targeting plan` does with a feed: times, vehicle blocks and in-seat
  transfers, each direction apart, the lines of routes and the file's SHA-256 besides.
- "Inflate and count lines" gives no numbers: no program that inflates with zlib can be quicker. Polars and
  DuckDB inflate with it too, and use both cores afterwards; DuckDB by way of the disk.
- gtfs_kit has no statistics by route and stop. "gtfs_kit and pandas" lets it read the feed and find the
  days of service; "timetables" asks it for the timetable of each route, which is what it offers ready made.
- partridge unpacks the feed to the disk and takes blanks off every text. It reads the feed once for the
  calendar and once more for the week.
- Starting Python and importing the libraries is most of the time on the sample.
"""

SHARES = """
All begin with the stops of each route and the tracts in metres, and people spread evenly over a tract.
"Step" is the work between reading and writing, without the start of Python and imports, for all routes
together.

- Ours works on squares of at most 40 m and differs from overlay by less than 0.01; the circles that the
  others lay over tracts are polygons of 64 corners, and 0.2% smaller than circles.
- Ours gives more in that time: which people are near *several* routes (so that they can be counted once),
  departures near the mean resident, and for each share the bounds within which it must lie. An overlay
  gives the shares alone, and people near any of several routes would need an overlay of its own for each
  choice of routes.
- tobler finds the areas for all routes at once (`categorical_variables`), with `allocate_total=False`.
"""

PLACEMENT = """
"Step" is the search alone, from the problem to the placement; reading and imports are in the wall time.

- The campaign's own problem (whole buses, several languages, reach that levels off) can be put to no
  covering model, so there ours stands beside greedy only. The gap that greedy proves of itself is by a
  quick bound; how far it really lies from the best is in "of exact".
- In the form of maximal coverage (one card a route, who lives near a chosen route is reached for certain)
  spopt's MCLP, solved by CBC, must give the same people. It is given the atoms that ours found, a few
  hundred or thousand, not the tens of thousands of squares or blocks that an analyst would begin with.
"""

PLAN = """
`targeting plan` with all its files: tables, workbooks, orders, GIS layers and map. The first plan
starts with an empty cache folder; the second is of the same inputs with 40 buses instead of the campaign's
number, and finds the cache that the first has left. TriMet has 490 real census tracts and population
points; the tracts around Manhattan are invented. "× 4" and "× 16" are TriMet's feed with every trip so many
times under ids and blocks of its own.
"""

MAP = """
Milliseconds from opening the file in headless Chromium until it is loaded and drawn, the pages in turns.

- The others' pages hold less: tracts shaded by the language that leads, people by language in a tooltip,
  and lines with names. Ours has each language by itself, margins of error, hot spots, posters by route with
  reasons, search, and every library that it needs.
- The others load Leaflet, jQuery, Bootstrap and Font Awesome from the network and show nothing without it.
  Here Leaflet is answered from the disk at once and the rest with nothing, which flatters them; their size
  is without libraries, ours with them.
"""

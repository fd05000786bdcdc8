"""The ground and the people of Halvern, an invented city: streets, tracts, census figures, points.

Streets are the lines of a bent lattice, whose corners are named by two whole numbers (u east, v
north). A tract is a set of lattice squares, so neighbours share every corner of their border and
bus routes can follow the very streets that part the tracts.
"""

import math
import random
from dataclasses import dataclass
from functools import cache

Corner = tuple[int, int]
Metres = tuple[float, float]
LonLat = tuple[float, float]

# Open Pacific, 400 km west of Oregon: nobody can mistake it for a place where people live.
CENTRE_LON, CENTRE_LAT = -129.4, 45.0
METRES_PER_DEGREE_LON, METRES_PER_DEGREE_LAT = 78_847.0, 111_132.0

EAST, NORTH = 64, 50  # lattice squares across and up: about 300 m each
COUNTY_LINE, RIVER = 14, 24  # the lattice lines u that are the county border and the river
AIRPORT = (44, 54, 44, 50)  # west, east, south, north: the tract where nobody lives
TRACT_COUNT = 120
PEOPLE_5_AND_OVER = 485_000
FIXED_TOTAL = "99001002200"  # the tract whose total is a controlled figure
CONTROLLED = -555_555_555  # what the Census Bureau writes for the margin of such a figure
HOUSEHOLD_WEIGHT = 14.0  # people whom one person asked by the survey stands for


@dataclass(frozen=True)
class LanguageGroup:
    """One of the twelve groups of table C16001, and where its speakers live."""

    name: str
    lep_part: float  # of its speakers, those who speak English less than "very well"
    everywhere: float  # LEP speakers per resident outside the clusters
    clusters: tuple[tuple[float, float, float, float, float], ...] = ()  # u, v, widths, share


GROUPS = (
    LanguageGroup("Spanish", 0.40, 0.0165, ((38, 38, 4, 4, 0.24), (7, 18, 4, 5, 0.24))),
    LanguageGroup("French, Haitian, or Cajun", 0.14, 0.001),
    LanguageGroup("German or other West Germanic", 0.12, 0.0007),
    LanguageGroup("Russian, Polish, or other Slavic", 0.45, 0.004, ((57, 11, 5, 5, 0.11),)),
    LanguageGroup("Other Indo-European", 0.25, 0.004, ((11, 29, 4, 4, 0.025),)),
    LanguageGroup("Korean", 0.48, 0.0012, ((9, 37, 4, 4, 0.07),)),
    LanguageGroup("Chinese", 0.48, 0.005, ((44, 14, 7, 3, 0.06), (21, 29, 2, 2, 0.08))),
    LanguageGroup("Vietnamese", 0.58, 0.003, ((48, 21, 8, 3, 0.10),)),
    LanguageGroup("Tagalog", 0.28, 0.0012, ((29, 7, 4, 3, 0.015),)),
    LanguageGroup("Other Asian and Pacific Island", 0.42, 0.0055, ((30, 43, 5, 4, 0.03),)),
    LanguageGroup("Arabic", 0.36, 0.0011, ((15, 10, 3, 3, 0.06),)),
    LanguageGroup("Other and unspecified", 0.38, 0.0025, ((36, 31, 4, 3, 0.025),)),
)


@dataclass(frozen=True)
class Tract:
    """A census tract of Halvern."""

    geoid: str
    name: str
    squares: tuple[Corner, ...]
    people: int  # 5 years and over, before the survey's sampling noise


def dice(purpose: str) -> random.Random:
    """Give the random numbers kept for one purpose, so that one change does not move the rest."""
    return random.Random(f"Halvern, {purpose}")  # noqa: S311


def _bell(rng: random.Random) -> float:
    """Draw from the standard normal distribution (Box and Muller)."""
    return math.sqrt(-2 * math.log(1 - rng.random())) * math.cos(2 * math.pi * rng.random())


def _poisson(rng: random.Random, mean: float) -> int:
    """Draw a Poisson count by multiplying uniform numbers (Knuth)."""
    count, product, floor = 0, rng.random(), math.exp(-mean)
    while product > floor:
        count, product = count + 1, product * rng.random()
    return count


def _hill(u: float, v: float, hill: tuple[float, float, float, float, float]) -> float:
    """Give the height at (u, v) of a bell-shaped hill."""
    at_u, at_v, width_u, width_v, height = hill
    return height * math.exp(-(((u - at_u) / width_u) ** 2 + ((v - at_v) / width_v) ** 2) / 2)


@cache
def corners() -> dict[Corner, Metres]:
    """Give the place of every street corner, in metres from the middle of the map."""
    rng = dice("corners")
    places = {}
    for u in range(EAST + 1):
        for v in range(NORTH + 1):
            s, t = 2 * u / EAST - 1, 2 * v / NORTH - 1
            # Narrow blocks in the middle, wide ones outside; corners of the map cut round.
            x = 10_000 * (0.86 * s + 0.14 * s**3) * math.sqrt(1 - 0.36 * t * t)
            y = 8_000 * (0.86 * t + 0.14 * t**3) * math.sqrt(1 - 0.36 * s * s)
            x += 330 * math.sin(2.6 * t + 3.1 * s + 0.5) + 260 * math.sin(6.1 * t + 1.0) * s * s
            y += 380 * math.sin(3.0 * s - 1.4 * t + 1.0) + 330 * math.sin(7.3 * s + 2.0) * t * t
            # The river bends, and the streets beside it with it.
            x += 950 * math.sin(4.4 * t + 0.7) * math.exp(-(((u - RIVER - 1) / 10) ** 2))
            places[u, v] = (x + 24 * (rng.random() - 0.5), y + 24 * (rng.random() - 0.5))
    return places


def place(u: float, v: float) -> Metres:
    """Give the place of any point of the lattice, in metres from the middle of the map."""
    i, j = min(int(u), EAST - 1), min(int(v), NORTH - 1)
    a, b = u - i, v - j
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (
        corners()[i + p, j + q] for p, q in ((0, 0), (1, 0), (0, 1), (1, 1))
    )
    return (
        (x0 * (1 - a) + x1 * a) * (1 - b) + (x2 * (1 - a) + x3 * a) * b,
        (y0 * (1 - a) + y1 * a) * (1 - b) + (y2 * (1 - a) + y3 * a) * b,
    )


def lon_lat(point: Metres) -> LonLat:
    """Turn metres from the middle of the map into degrees, to about a metre."""
    x, y = point
    return (
        round(CENTRE_LON + x / METRES_PER_DEGREE_LON, 5),
        round(CENTRE_LAT + y / METRES_PER_DEGREE_LAT, 5),
    )


def area(ring: list[Metres]) -> float:
    """Give the area of a counter-clockwise ring in square metres."""
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return math.fsum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


@cache
def _people_by_square() -> dict[Corner, float]:
    """Spread the city's people over the lattice squares: dense downtown, thin at the edge."""
    rng = dice("density")
    west, east, south, north = AIRPORT
    centres = ((44, 20, 6, 5, 2_200), (8, 25, 3, 3, 2_200), (32, 40, 5, 4, 1_800))
    people = {}
    for u in range(EAST):
        for v in range(NORTH):
            ring = [place(u + p, v + q) for p, q in ((0, 0), (1, 0), (1, 1), (0, 1))]
            x, y = place(u + 0.5, v + 0.5)
            downtown = 8_000 * math.exp(-math.sqrt((x + 2_300) ** 2 + y**2) / 3_600)
            density = 280 + downtown + math.fsum(_hill(u, v, hill) for hill in centres)
            density *= 0.55 + 0.9 * rng.random()
            if west <= u < east and south <= v < north:
                density = 0
            people[u, v] = density * area(ring)
    total = math.fsum(people.values())
    return {square: PEOPLE_5_AND_OVER * count / total for square, count in people.items()}


def _rectangles() -> list[tuple[int, int, int, int]]:
    """Cut the lattice into rectangles of about equal population; the airport comes last."""
    rng = dice("rectangles")
    people = _people_by_square()
    west, east, south, north = AIRPORT
    leaves = [
        (0, COUNTY_LINE, 0, NORTH),
        (COUNTY_LINE, RIVER, 0, NORTH),
        (RIVER, west, 0, NORTH),
        (west, EAST, 0, south),
        (east, EAST, south, north),
    ]

    def count(leaf: tuple[int, int, int, int]) -> float:
        u0, u1, v0, v1 = leaf
        return math.fsum(people[u, v] for u in range(u0, u1) for v in range(v0, v1))

    while len(leaves) < TRACT_COUNT - 1:
        at = max(range(len(leaves)), key=lambda index: count(leaves[index]))
        u0, u1, v0, v1 = leaves[at]
        goal = count(leaves[at]) * (0.4 + 0.2 * rng.random())
        if (u1 - u0) > (v1 - v0) * (0.75 + 0.5 * rng.random()):
            cut = min(range(u0 + 1, u1), key=lambda u: abs(count((u0, u, v0, v1)) - goal))
            leaves[at : at + 1] = [(u0, cut, v0, v1), (cut, u1, v0, v1)]
        else:
            cut = min(range(v0 + 1, v1), key=lambda v: abs(count((u0, u1, v0, v)) - goal))
            leaves[at : at + 1] = [(u0, u1, v0, cut), (u0, u1, cut, v1)]
    return [*leaves, AIRPORT]


def _zone(u: int) -> int:
    """Say on which side of the county line and of the river a square lies."""
    return (u >= COUNTY_LINE) + (u >= RIVER)


_RING = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))


def _in_one_piece(ring: list[int], tract: int) -> bool:
    """Say whether a tract's squares around a square hang together and touch one of its sides."""
    inside = [label == tract for label in ring]
    starts = sum(inside[k] and not inside[k - 1] for k in range(8))
    return starts == 1 and any(inside[::2])


@cache
def _tract_of_square() -> dict[Corner, int]:
    """Give every lattice square its tract: rectangles whose borders have been jogged."""
    rng = dice("jogs")
    rectangles = _rectangles()
    owner = {
        (u, v): tract
        for tract, (u0, u1, v0, v1) in enumerate(rectangles)
        for u in range(u0, u1)
        for v in range(v0, v1)
    }
    airport = len(rectangles) - 1
    for _ in range(9_000):
        u, v = int(EAST * rng.random()), int(NORTH * rng.random())
        du, dv = _RING[2 * int(4 * rng.random())]
        smooth_only = rng.random() < 0.8
        old, new = owner[u, v], owner.get((u + du, v + dv), airport)
        if old == new or airport in (old, new) or _zone(u) != _zone(u + du):
            continue
        ring = [owner.get((u + p, v + q), -1) for p, q in _RING]
        if smooth_only and ring[::2].count(new) < 2:
            continue
        if _in_one_piece(ring, old) and _in_one_piece(ring, new):
            owner[u, v] = new
    return owner


@cache
def tracts() -> tuple[Tract, ...]:
    """Give the tracts of Halvern, in order of GEOID."""
    rng = dice("tract numbers")
    squares: dict[int, list[Corner]] = {}
    for square, index in sorted(_tract_of_square().items()):
        squares.setdefault(index, []).append(square)
    made, number, suffix, county_before = [], 0, 0, ""
    for index in range(TRACT_COUNT):
        west = squares[index][0][0] < COUNTY_LINE
        code, county = ("003", "Brook") if west else ("001", "Ansel")
        if county != county_before:
            number, suffix, county_before = 0, 0, county
        if suffix == 1:
            suffix = 2
        else:
            number, suffix = number + 1, int(rng.random() < 0.3)
        label = f"{number}.{suffix:02d}" if suffix else str(number)
        people = math.fsum(_people_by_square()[square] for square in squares[index])
        made.append(
            Tract(
                geoid=f"99{code}{number:04d}{suffix:02d}",
                name=f"Census Tract {label}, {county} County, Halvern (invented)",
                squares=tuple(squares[index]),
                people=round(people),
            )
        )
    return tuple(sorted(made, key=lambda tract: tract.geoid))


@cache
def _bends(start: Corner, end: Corner) -> tuple[Metres, ...]:
    """Give the points between two neighbouring corners of the river or of the city's outline."""
    (x0, y0), (x1, y1) = corners()[start], corners()[end]
    rng = dice(f"bends {start} {end}")
    points = []
    for part in (0.25, 0.5, 0.75):
        aside = 0.14 * (rng.random() - 0.5)
        points.append((x0 + part * (x1 - x0) + aside * (y1 - y0), y0 + part * (y1 - y0) - aside * (x1 - x0)))
    return tuple(points)


def border(tract: Tract) -> list[Metres]:
    """Trace the border of a tract counter-clockwise, without repeating the first point."""
    inside = set(tract.squares)
    onward: dict[Corner, Corner] = {}
    for u, v in tract.squares:
        for (du, dv), start, end in (
            ((0, -1), (u, v), (u + 1, v)),
            ((1, 0), (u + 1, v), (u + 1, v + 1)),
            ((0, 1), (u + 1, v + 1), (u, v + 1)),
            ((-1, 0), (u, v + 1), (u, v)),
        ):
            if (u + du, v + dv) not in inside:
                onward[start] = end
    first = corner = min(onward)
    ring: list[Metres] = []
    while True:
        following = onward[corner]
        ring.append(corners()[corner])
        on_river = corner[0] == following[0] == RIVER
        on_outline = corner[0] == following[0] in (0, EAST) or corner[1] == following[1] in (
            0,
            NORTH,
        )
        if on_river or on_outline:
            points = _bends(min(corner, following), max(corner, following))
            ring.extend(points if corner < following else reversed(points))
        corner = following
        if corner == first:
            return ring


def points(tract: Tract) -> list[tuple[str, int, LonLat]]:
    """Give the block-like units of a tract: GEOID, population of all ages, place near a street."""
    if not tract.people:
        return []
    rng = dice(f"points {tract.geoid}")
    weights = [_people_by_square()[square] for square in tract.squares]
    everyone = round(tract.people * (1.05 + 0.02 * rng.random()))  # with those under five
    shares = [0.3 + rng.random() for _ in range(8 + int(5 * rng.random()))]
    whole, counted, made = math.fsum(shares), 0, []
    for number, _ in enumerate(shares):
        until = round(everyone * math.fsum(shares[: number + 1]) / whole)
        u, v = tract.squares[_pick(rng, weights)]
        along, beside = 0.15 + 0.7 * rng.random(), 0.15 if rng.random() < 0.5 else 0.85
        a, b = (along, beside) if rng.random() < 0.5 else (beside, along)
        geoid = f"{tract.geoid}{1 + number // 4}{number % 4:03d}"
        made.append((geoid, until - counted, lon_lat(place(u + a, v + b))))
        counted = until
    return made


def _pick(rng: random.Random, weights: list[float]) -> int:
    """Draw an index with chances in proportion to the weights."""
    left = rng.random() * math.fsum(weights)
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return index
    return len(weights) - 1


def _survey(rng: random.Random, speakers: float) -> tuple[int, float]:
    """Ask a sample of households: the estimate of speakers and its variance."""
    estimate, variance = 0, 0.0
    for _ in range(_poisson(rng, speakers / (2.1 * HOUSEHOLD_WEIGHT))):
        persons = 1 + int(rng.random() * 2 + rng.random() * 1.4)
        household = round(persons * HOUSEHOLD_WEIGHT * (0.45 + 1.1 * rng.random()))
        estimate, variance = estimate + household, variance + household**2
    return estimate, variance


def census_lines(tract: Tract) -> list[tuple[int, int]]:
    """Give the 38 lines of table C16001 for a tract: estimate and 90% margin of error.

    Returns
    -------
    list of (int, int)
        Noisy as in the American Community Survey: a language that few people speak is often not
        met by the sample at all, and then has the estimate 0 with a margin of 12 or 17.
    """
    rng = dice(f"census {tract.geoid}")
    of_zero = 17 if tract.people > 4_200 else 12
    if not tract.people:
        return [(0, of_zero)] * 38
    u = math.fsum(square[0] for square in tract.squares) / len(tract.squares)
    v = math.fsum(square[1] for square in tract.squares) / len(tract.squares)

    def line(estimate: int, variance: float) -> tuple[int, int]:
        noise = 0.9 + 0.35 * rng.random()
        return (estimate, round(1.645 * math.sqrt(variance) * noise) if estimate else of_zero)

    by_group: list[tuple[int, int]] = []
    speakers, speakers_variance = 0, 0.0
    for group in GROUPS:
        share = group.everywhere + math.fsum(_hill(u, v, cluster) for cluster in group.clusters)
        lep = tract.people * share * math.exp(0.35 * _bell(rng))
        well, well_variance = _survey(rng, lep * (1 / group.lep_part - 1) * 0.9)
        less, less_variance = _survey(rng, lep)
        both, both_variance = well + less, well_variance + less_variance
        by_group += [
            line(both, both_variance),
            line(well, well_variance),
            line(less, less_variance),
        ]
        speakers, speakers_variance = speakers + both, speakers_variance + both_variance
    total = round(tract.people * (1 + 0.04 * _bell(rng)))
    total_line = line(total, (0.045 * total) ** 2)
    english_line = line(total - speakers, (0.04 * total) ** 2 + 0.5 * speakers_variance)
    if tract.geoid == FIXED_TOTAL:
        total_line = (total, CONTROLLED)
    return [total_line, english_line, *by_group]

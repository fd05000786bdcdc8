"""What the columns of the layers are called in a GIS: plain words with units, as in docs/columns.md."""

from collections.abc import Sequence

from targeting.languages import Language

LANGUAGE = "<language>"
TAG = "<tag>"
TITLES = {
    "routes": {
        "route_id": "Route id",
        "route_name": "Route",
        "route_short_name": "Route number",
        "mode": "Mode",
        "departures_week": "Trips a week, both directions",
        "vehicles": "Vehicles at once, at most",
        "languages": "Languages posted (tags)",
        "buses": "Buses with posters",
    },
    "tracts": {
        "GEOID": "Census tract (GEOID)",
        "name": "Tract",
        "county": "County",
        "population": "Residents of 5 years and over (people)",
        "population_moe": "Residents: 90% margin (people)",
        "density": "People of the campaign's languages per square mile",
        "<tag>_estimate": "<language>: people",
        "<tag>_moe": "<language>: 90% margin (people)",
        "<tag>_reliability": "<language>: reliability of the figure",
        "<tag>_share_served": "<language>: share near its posters (0–1)",
        "<tag>_share_reached": "<language>: share reached (0–1)",
    },
    "stops": {
        "stop_id": "Stop id",
        "stop_name": "Stop",
        "departures_week": "Departures a week, all routes",
    },
    "venues": {
        "venue_id": "Venue id",
        "name": "Venue",
        "kind": "Kind of venue",
        "slots": "Cards that can hang",
        "languages": "Languages posted (tags)",
        "cards": "Cards that hang",
    },
    "atoms": {
        "GEOID": "Census tract (GEOID)",
        "county": "County",
        "weight": "Share of the tract's people (0–1)",
        "population": "Residents of 5 years and over (people, to add up)",
        "routes": "Routes within walking distance (ids)",
        "venues": "Venues within walking distance (ids)",
        "departures_week": "Departures a week nearby, all routes",
        "<tag>_people": "<language>: people (to add up)",
        "<tag>_served": "<language>: people near its posters (to add up)",
        "<tag>_reached": "<language>: people reached (to add up)",
    },
    "hot_spots": {
        "GEOID": "Census tract (GEOID)",
        "name": "Tract",
        "county": "County",
        "language": "Language (tag)",
        "measured_as": "Measured as",
        "people": "People",
        "people_moe": "90% margin (people)",
        "why": "Why it is a hot spot",
        "gi_estimate_nearest": "Gi* of people, nearest tracts (z)",
        "gi_estimate_band": "Gi* of people, tracts within the band (z)",
        "gi_share_nearest": "Gi* of share, nearest tracts (z)",
        "gi_share_band": "Gi* of share, tracts within the band (z)",
        "gi_density_nearest": "Gi* of density, nearest tracts (z)",
        "gi_density_band": "Gi* of density, tracts within the band (z)",
    },
}


def column_of(tag: str) -> str:
    """Return what the columns of a language begin with: its tag, with _ for -, which SQL takes for minus."""
    return tag.replace("-", "_")


def titles_of(layer: str, languages: Sequence[Language]) -> dict[str, str]:
    """Return the title of each column of a layer, those of every language included, in their order."""
    common = {column: title for column, title in TITLES[layer].items() if TAG not in column}
    return common | {
        column.replace(TAG, column_of(language.tag)): title.replace(LANGUAGE, language.english_name)
        for language in languages
        for column, title in TITLES[layer].items()
        if TAG in column
    }

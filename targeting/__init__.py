"""Which languages a public-interest poster campaign should carry on which buses.

>>> import targeting
>>> plan = targeting.make_plan("campaign.toml", buses=50)  # doctest: +SKIP

Heavy libraries load when they are first needed: importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targeting.api import Plan, make_plan
    from targeting.campaign import Campaign, read_campaign
    from targeting.departures import weekly_departures
    from targeting.errors import TargetingError
    from targeting.write.map_frame import PlanMap

__version__ = "0.1.0"
__all__ = [
    "Campaign",
    "Plan",
    "PlanMap",
    "TargetingError",
    "__version__",
    "make_plan",
    "read_campaign",
    "weekly_departures",
]

_HOMES = {
    "Campaign": "targeting.campaign",
    "Plan": "targeting.api",
    "PlanMap": "targeting.write.map_frame",
    "TargetingError": "targeting.errors",
    "make_plan": "targeting.api",
    "read_campaign": "targeting.campaign",
    "weekly_departures": "targeting.departures",
}


def __getattr__(name: str) -> object:
    """Return a part of the library, loaded when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

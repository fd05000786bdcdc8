"""What tests have the workers of a batch do: plan a region, or die at it as a killed process does."""

import os
import signal
from pathlib import Path

from targeting.batch_list import Region
from targeting.batch_region import Outcome, plan_region


def plan_or_die(region: Region, out: Path) -> Outcome:
    """Plan a region; the worker dies at the first try of "dies-once", and at each of "dies-always"."""
    mark = out / f"{region.name}.tried"
    if region.name == "dies-always" or (region.name == "dies-once" and not mark.exists()):
        with mark.open("a") as file:
            file.write("tried\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return plan_region(region, out)

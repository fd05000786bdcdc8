"""Choose routes so that most people live near one: spopt's maximal covering location problem, solved by CBC.

    python benchmarks/peers/placement_spopt.py coverage.npz

The problem is `prepared.py`'s. Prints seconds and value as JSON.
"""

import json
import sys
import time
import warnings

import numpy as np
import numpy.typing as npt
import pulp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from spopt.locate import MCLP


def people_covered(near: npt.NDArray[np.bool_], people: npt.NDArray[np.float64], sites: int) -> float:
    """Return the most people that so many sites cover; `near` has shape (atoms, routes)."""
    model = MCLP.from_cost_matrix(np.where(near, 0.0, 1.0), people, service_radius=0.5, p_facilities=sites)
    solved = model.solve(pulp.PULP_CBC_CMD(msg=False))
    return float(solved.problem.objective.value())


if __name__ == "__main__":
    given = np.load(sys.argv[1])
    began = time.perf_counter()
    value = people_covered(given["near"], given["people"], int(given["sites"]))
    print(json.dumps({"seconds": time.perf_counter() - began, "value": value, "gap": 0.0}))

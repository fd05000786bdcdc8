"""Place buses: ours, the quick placement or the exact one.

    python benchmarks/peers/placement_ours.py problem.pickle greedy
    python benchmarks/peers/placement_ours.py problem.pickle exact 0.005

The problem is `prepared.py`'s; the last figure is the relative gap at which the exact search stops. Prints
seconds, value and the gap that is proven, as JSON.
"""

import json
import pickle
import sys
import time
from pathlib import Path

from targeting.exact import solve
from targeting.greedy import greedy_placement
from targeting.problem import Problem

LIMIT_S = 300.0


def place(problem: Problem, gap: float | None) -> tuple[float, float]:
    """Return value and proven gap of the quick placement, or of the exact one where a gap is given."""
    start = greedy_placement(problem)
    if gap is None:
        return start.value, problem.relative_gap(start.value, start.bound)
    solution = solve(problem, start, gap=gap, time_limit_s=LIMIT_S)
    return solution.value, solution.gap


if __name__ == "__main__":
    problem = pickle.loads(Path(sys.argv[1]).read_bytes())
    began = time.perf_counter()
    value, gap = place(problem, float(sys.argv[3]) if sys.argv[2] == "exact" else None)
    print(json.dumps({"seconds": time.perf_counter() - began, "value": value, "gap": gap}))

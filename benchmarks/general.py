"""The general engines on 300 schools and 60 NLEs with every kind of constraint at once, level by level to proof.

    python benchmarks/general.py [--seconds 120]

Quotas of schools, NLEs and pairs with shares, a budget, minimum use, trusts kept together, new NLEs in a town, days and
placements, schools of two supporters, required pairs; schools supported by priority, then fit, then distance.
"""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from general_instances import instance
from measuring import here, in_a_child, print_table

CASES = {"sparse": 16_000, "sparse, another": 16_000, "sparse, a third": 16_000, "dense": 25_000}
SEEDS = {"sparse": 1, "sparse, another": 2, "sparse, a third": 5, "dense": 1}
ENGINES = ("highs", "cp-sat")
ALLOWED = 30


def child(case: str, name: str, seconds: float) -> dict[str, Any]:
    """What one engine finds in the time given."""
    from nle_optimizer.engines.engine import Stopping, engine_named

    problem = instance(SEEDS[case], CASES[case])
    start = time.monotonic()
    solution = engine_named(name).solve(problem, 0, Stopping(deadline=start + seconds))
    gaps = [(level.bound - level.value) / max(1, abs(level.bound)) for level in solution.levels]
    return {
        "pairs": problem.size,
        "rows": len(problem.rows),
        "seconds": time.monotonic() - start,
        "levels": [level.seconds for level in solution.levels],
        "gaps": gaps,
        "proved": sum(level.proved for level in solution.levels),
        "schools": sum(level.value for level in solution.levels[:3]),
        "fit": solution.levels[3].value / 1e6 if solution.levels else None,
    }


def main(seconds: float) -> None:
    """Run every case with both engines, one after another."""
    rows = []
    for case in CASES:
        for name in ENGINES:
            found = in_a_child(here("general.py"), "--child", case, name, str(seconds))
            if "failed" in found:
                print(found["failed"])
                continue
            rows.append(
                [
                    case,
                    f"{found['pairs']:,}",
                    found["rows"],
                    name,
                    f"**{found['seconds']:.1f}**",
                    ALLOWED,
                    f"{found['proved']} of 5",
                    " ".join(f"{part:.1f}" for part in found["levels"]),
                    f"{100 * max(found['gaps'][:4]):.2f} %",
                    found["schools"],
                    f"{found['fit']:.2f}",
                ]
            )
    columns = ["case", "pairs", "rows", "engine", "s", "allowed", "proved", "levels, s", "gap to fit", "schools", "fit"]
    print_table(columns, rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], sys.argv[3], float(sys.argv[4]))))
    else:
        parser = ArgumentParser(description=__doc__)
        parser.add_argument("--seconds", type=float, default=120)
        main(parser.parse_args().seconds)

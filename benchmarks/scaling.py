"""How time and memory grow with the number of pairs: from ten thousand to twenty million.

The same country and the same 60 km: schools and NLEs grow by the square root of the pairs, twelve schools to an NLE.

    python benchmarks/scaling.py [--most PAIRS]
"""

import json
import sys
from time import perf_counter
from typing import Any

import numpy as np

from instances import instance
from measuring import here, in_a_child, peak_mebibytes, print_table

LIMIT_KM = 60
PAIRS = (10_000, 50_000, 250_000, 1_000_000, 4_000_000, 20_000_000)
SCHOOLS_AT_A_MILLION = 12_700
SCHOOLS_PER_NLE = 12


def child(pairs: int) -> dict[str, Any]:
    """Time and memory from loaded records to a verified allocation."""
    from nle_optimizer import allocate
    from nle_optimizer.evidence.verification.checker import check_claim

    schools = round(SCHOOLS_AT_A_MILLION * (pairs / 1_000_000) ** 0.5)
    scenario = instance(schools, schools // SCHOOLS_PER_NLE, LIMIT_KM)
    warm = instance(50, 5, LIMIT_KM)
    check_claim(warm, allocate(warm).claim)
    start = perf_counter()
    result = allocate(scenario)
    solved = perf_counter()
    wrong = check_claim(scenario, result.claim)
    end = perf_counter()
    assert not wrong, wrong[:3]
    counts = result.claim.summary["counts"]
    return {
        "schools": schools,
        "nles": counts["nles"],
        "pairs": counts["pairs"],
        "allocate": solved - start,
        "verify": end - solved,
        "mebibytes": peak_mebibytes(),
    }


def main(most: int) -> None:
    """Run every size in a process of its own, and fit the exponents."""
    found = [in_a_child(here("scaling.py"), "--child", str(pairs)) for pairs in PAIRS if pairs <= most]
    done = [row for row in found if "failed" not in row]
    for row in found:
        if "failed" in row:
            print(row["failed"])
    columns = ["pairs", "schools", "NLEs", "allocate, s", "verify, s", "together, µs a pair", "peak, MiB"]
    rows = [
        [
            f"{row['pairs']:,}",
            f"{row['schools']:,}",
            f"{row['nles']:,}",
            f"{row['allocate']:.2f}",
            f"{row['verify']:.2f}",
            f"{1e6 * (row['allocate'] + row['verify']) / row['pairs']:.2f}",
            f"{row['mebibytes']:.0f}",
        ]
        for row in done
    ]
    print_table(columns, rows)
    for what in ("allocate", "verify"):
        print(f"{what}: seconds grow as pairs to the power of {exponent(done, what):.2f}")
    together = [{**row, "all": row["allocate"] + row["verify"]} for row in done]
    print(f"together: {exponent(together, 'all'):.2f}; from a million pairs on: {exponent(together[-3:], 'all'):.2f}\n")


def exponent(rows: list[dict[str, Any]], what: str) -> float:
    """The slope of the line through the logarithms, by least squares."""
    slope, _ = np.polyfit(np.log([row["pairs"] for row in rows]), np.log([row[what] for row in rows]), 1)
    return float(slope)


if __name__ == "__main__":
    if "--child" in sys.argv:
        print(json.dumps(child(int(sys.argv[2]))))
    else:
        main(int(sys.argv[sys.argv.index("--most") + 1]) if "--most" in sys.argv else PAIRS[-1])

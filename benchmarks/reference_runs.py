"""Random runs over every setting, known by digests: is what came out once what comes out today?

    python benchmarks/reference_runs.py [--count 2000] [--seed 0] [--workers 2] [--write]

Each seed makes a scenario as `two_readings.py` does: every setting, engine and rule, and refusals. What it came to
is kept in `reference_runs.csv` as digests of the refusal's text, the tables, the summary and the certificate. Without
`--write` the same is made again and compared, and every seed that differs is named with the part that does; exit code
1 where one does. A run that its time limit ended is not compared. Before code is moved, write; after each step
compare: only what was meant to change may differ.
"""

import csv
import hashlib
import json
import sys
import tempfile
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from nle_optimizer import allocate, load_scenario
from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import InputError
from support.any_scenario import write_any_scenario

KEPT = Path(__file__).with_suffix(".csv")
PARTS = ("seed", "end", "tables", "summary", "certificate")
DIGITS = 8
IN_MEMORY = Path("/dev/shm")


def digest(text: bytes) -> str:
    """The first digits of a hash."""
    return hashlib.sha256(text).hexdigest()[:DIGITS]


def came_to(seed: int, folder: Path) -> dict[str, str]:
    """What the scenario of a seed comes to, by part."""
    file = write_any_scenario(folder / str(seed), seed)
    row = dict.fromkeys(PARTS, "") | {"seed": str(seed)}
    try:
        claim = allocate(load_scenario(file)).claim
    except InputError as refusal:
        return row | {"end": "refused", "summary": digest(str(refusal).replace(str(file.parent), "").encode())}
    if claim.summary.get("stopped") == "time":
        return row | {"end": "time"}
    tables = b"".join(name.encode() + csv_bytes(claim.tables[name]) for name in sorted(claim.tables))
    summary = json.dumps(claim.summary, sort_keys=True).replace(str(file.parent), "")
    certificate = json.dumps(claim.certificate, sort_keys=True)
    return row | {
        "end": str(claim.summary["status"]),
        "tables": digest(tables),
        "summary": digest(summary.encode()),
        "certificate": digest(certificate.encode()),
    }


def main() -> int:
    """Write the digests, or compare with those that are kept."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="how many runs are written")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first that is written; the others follow")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--write", action="store_true", help="keep what comes out today")
    asked = parser.parse_args()
    kept = {}
    if not asked.write:
        with KEPT.open(encoding="utf-8", newline="") as stream:
            kept = {row["seed"]: row for row in csv.DictReader(stream)}
    seeds = range(asked.seed, asked.seed + asked.count) if asked.write else map(int, kept)
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder,
        ProcessPoolExecutor(asked.workers) as workers,
    ):
        rows = list(workers.map(partial(came_to, folder=Path(folder)), seeds, chunksize=20))
    if asked.write:
        with KEPT.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, PARTS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return 0
    unlike = [
        (row["seed"], [part for part in PARTS if row[part] != kept[row["seed"]][part]])
        for row in rows
        if "time" not in (row["end"], kept[row["seed"]]["end"]) and row != kept[row["seed"]]
    ]
    for seed, parts in unlike:
        print(f"seed {seed}: {', '.join(parts)}")
    print(f"{len(rows) - len(unlike)} of {len(rows)} as they were")
    return int(bool(unlike))


if __name__ == "__main__":
    sys.exit(main())

"""Random scenarios over every setting: does whatever `validate` calls valid run, and does `verify` agree?

    python benchmarks/two_readings.py [--count 20000] [--seed 0] [--shown 20]

Each is validated, run, verified in memory and from its folder, and run again from its resolved file, which must give
the same to the byte. Prints how many ended how, and the first faults with their seeds; there should be none.
"""

import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.carried_through import carry_many

IN_MEMORY = Path("/dev/shm")


def main() -> int:
    """Carry as many scenarios through as the command line asks for."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many scenarios")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first; the others follow")
    parser.add_argument("--shown", type=int, default=20, help="how many faults are printed")
    asked = parser.parse_args()
    started, faults = time.monotonic(), 0

    def told(seed: int, why: str) -> None:
        nonlocal faults
        faults += 1
        if faults <= asked.shown:
            print(f"--- seed {seed}: {why}", flush=True)

    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        ends = carry_many(range(asked.seed, asked.seed + asked.count), Path(folder), told)
    print(f"{asked.count} scenarios in {time.monotonic() - started:.0f} s: {dict(sorted(ends.items()))}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())

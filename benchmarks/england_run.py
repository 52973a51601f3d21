"""`run` on the England extract, end to end: a process is started, reads, solves, verifies and writes.

The extract is read from ../shared/data/england, beside this project. NLEs are drawn from the Good and Outstanding
schools in it; the list is synthetic.

    python benchmarks/england_run.py
"""

import csv
import json
import subprocess
import sys
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from measuring import print_table

EXTRACT = Path(__file__).parents[1] / ".." / "shared" / "data" / "england"
PROGRAM = [sys.executable, "-m", "nle_optimizer.cli.main"]
SOURCES = {
    "--gias": "gias_extract.csv",
    "--ofsted": "ofsted_inspections_2020-02.csv",
    "--trust-links": "trust_links_2022-07.csv",
    "--finance": "finance_2017-18.csv",
    "--urn-links": "urn_links_2025-04.csv",
}
NLES = 500
TIMES = 3
AREAS = ("leadership", "governance", "finance")


def run(*words: str) -> float:
    """Seconds that the program takes with these words."""
    start = perf_counter()
    done = subprocess.run([*program(), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}: {done.stderr[-2000:]}")
    return perf_counter() - start


def program() -> list[str]:
    """The command as people type it."""
    script = Path(sys.executable).parent / "nle-optimizer"
    return [str(script)] if script.exists() else PROGRAM


def import_england(out: Path, *more: str) -> float:
    """Import the extract."""
    sources = [word for option, name in SOURCES.items() for word in (option, str(EXTRACT / name))]
    return run("import", "england", *sources, "--out", str(out), *more)


def write_nles(schools: Path, file: Path) -> None:
    """A synthetic list: NLEs at schools graded 1 or 2, with expertise drawn at random."""
    rng = Random(1)
    with schools.open(encoding="utf-8", newline="") as rows:
        good = [
            row["school_id"]
            for row in csv.DictReader(rows)
            if row["latest_grade"] in ("1", "2") and not row["left_out"]
        ]
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["nle_id", "home_school_id", "placements", *(f"expertise_{area}" for area in AREAS)])
        for n, school in enumerate(sorted(rng.sample(good, NLES))):
            table.writerow([f"N{n:04d}", school, rng.randint(1, 4), *(f"{rng.random():.2f}" for _ in AREAS)])


def main() -> None:
    """Import, run and print."""
    if not EXTRACT.is_dir():
        print("The England extract is not beside this project (../shared/data/england); nothing was measured.")
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        import_england(folder / "first")
        write_nles(folder / "first" / "schools.csv", folder / "list.csv")
        importing = import_england(folder / "england", "--nles", str(folder / "list.csv"))
        scenario = str(folder / "england" / "scenario.yaml")
        runs = [run("run", scenario, "--out", str(folder / f"run{n}")) for n in range(TIMES)]
        checks = [run("verify", str(folder / "run0")) for _ in range(TIMES)]
        helps = [run("--help") for _ in range(TIMES)]
        counts = json.loads((folder / "run0" / "summary.json").read_text(encoding="utf-8"))["counts"]
    rows = [
        ["`run`", "**5**", f"{median(runs):.2f}", ", ".join(f"{seconds:.2f}" for seconds in runs)],
        ["`verify`", "", f"{median(checks):.2f}", ", ".join(f"{seconds:.2f}" for seconds in checks)],
        ["`import england`", "", f"{importing:.2f}", f"{importing:.2f}"],
        ["`--help`", "", f"{median(helps):.2f}", ", ".join(f"{seconds:.2f}" for seconds in helps)],
    ]
    print_table(["command", "allowed, s", "median, s", "each, s"], rows)
    read, eligible, pairs = (f"{counts[name]:,}" for name in ("schools_read", "eligible", "pairs"))
    print(f"{read} schools read, {eligible} eligible, {NLES} NLEs, {pairs} candidate pairs\n")


if __name__ == "__main__":
    main()

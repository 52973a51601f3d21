"""An NLE that has nothing of any resource: with it or without it, the same can be met, at the same worth.

It may be seen all the same: its cells are read (one that is no number is an error), and where objectives are left open
its distances count among those that must be known for `distance` to be one of them. A school that takes nothing of any
resource can have it. The settings here leave these three out, and what draws from all NLEs.
"""

import csv
import os
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario
from nle_optimizer.errors import InputError, UnsupportedError
from support.any_scenario import any_settings, write_drafted
from support.any_tables import Draft

MANY = int(os.environ.get("NLE_OPTIMIZER_CASES", "1"))
"""By how much the cases are multiplied."""
LEFT_OUT = ("supply", "uncertainty", "stop", "rule", "engine")
"""Settings that draw from all NLEs, that stop, or that promise no optimum."""
UNMEETABLE = "could not be met"
"""What a refusal says of a limit that all candidate pairs together do not reach."""
BYTES = "latin-1"


def _with_and_without(seed: int, folder: Path) -> tuple[Path, Path] | None:
    """A random scenario in which some NLEs have nothing, and the same without them; None where there are none such."""
    settings, draft = any_settings(seed)
    settings = {name: value for name, value in settings.items() if name not in LEFT_OUT}
    settings["capacity"] = {**settings.get("capacity", {}), "resources": [*draft.resources]}
    settings.setdefault("objectives", ["schools_supported", "fit"])
    _let_all_take_something(draft, settings)
    empty = _emptied(draft, Random(seed))
    if not empty:
        return None
    file = write_drafted(draft, settings, folder / "with")
    if list(file.parent.glob("*.xlsx")):
        return None
    shutil.copytree(folder / "with", folder / "without")
    for table in {"nles", "pairs"} & set(draft.tables):
        _drop_rows(folder / "without" / f"{table}.csv", empty)
    return file, folder / "without" / file.name


def _let_all_take_something(draft: Draft, settings: dict[str, Any]) -> None:
    first = draft.resources[0]
    for row in (*draft.tables["schools"], *draft.tables.get("pairs", [])):
        row[first] = "1" if row[first] == "0" else row[first]
    for rule in settings.get("eligibility", {}).get("rules", []):
        rule.pop("offer", None)


def _emptied(draft: Draft, rng: Random) -> set[str]:
    """Give some NLEs nothing, none of whom must be matched, and never all of them; their identifiers."""
    needed = {row["nle_id"] for row in draft.tables.get("current", [])}
    needed |= {row["nle_id"] for row in draft.tables.get("pairs", []) if "require" in row.get("relation", "")}
    chosen = [row for row in draft.tables["nles"] if row["nle_id"] not in needed and rng.random() < 0.5]
    chosen = chosen[: len(draft.tables["nles"]) - 1]
    for row in chosen:
        row.update(dict.fromkeys(draft.resources, "0"))
    return {row["nle_id"] for row in chosen}


def _drop_rows(file: Path, nles: set[str]) -> None:
    with file.open(encoding=BYTES, newline="") as stream:
        rows = list(csv.reader(stream))
    with file.open("w", encoding=BYTES, newline="") as stream:
        csv.writer(stream).writerows(row for row in rows if not nles & set(row))


def _came_to(file: Path) -> Any:
    """What the scenario came to: that it cannot be met, the status and every objective's value, or None if refused."""
    try:
        result = allocate(load_scenario(file))
    except (InputError, UnsupportedError) as refusal:
        return "infeasible" if UNMEETABLE in str(refusal) else None
    if result.status == "infeasible":
        return "infeasible"
    return result.status, [(each["name"], each["exact"]["value"]) for each in result.claim.summary["objectives"]]


@pytest.mark.parametrize("seeds", [range(n * MANY, (n + 40) * MANY) for n in range(0, 160, 40)])
def test_nles_that_have_nothing_change_neither_what_can_be_met_nor_its_worth(seeds: range, tmp_path: Path) -> None:
    compared = 0
    for seed in seeds:
        both = _with_and_without(seed, tmp_path / str(seed))
        if both is not None:
            ours, without = map(_came_to, both)
            assert (seed, ours) == (seed, without) or None in (ours, without)
            compared += ours is not None
        shutil.rmtree(tmp_path / str(seed), ignore_errors=True)
    assert compared > len(seeds) // 8

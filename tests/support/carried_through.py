"""A scenario carried through all that `validate`, `run` and `verify` do with it, and what went wrong on the way."""

import json
import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nle_optimizer import Result, Scenario, allocate, load_scenario, verify
from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import InfeasibleError, InputError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.reports.run_folder import Circumstances, RunFolder, read_run_folder, write_run_folder
from nle_optimizer.reports.terminal import summary_text
from nle_optimizer.running import check
from nle_optimizer.studies.robustness.robustness import with_draws
from support.any_scenario import write_any_scenario

FINDINGS = "findings"
"""The part of a summary that is about the files as they were written, which a resolved scenario is not."""


@dataclass(frozen=True)
class Carried:
    """How a scenario ended: the status of its run, `refused` by `validate`, or `fault`; and why."""

    end: str
    why: str = ""


class FaultError(Exception):
    """What no scenario may come to."""


def carried_through(file: Path, folder: Path) -> Carried:
    """Validate a scenario; where it is valid run it, and hold the run, its folder and its resolved file together."""
    try:
        return _carried(file, folder)
    except FaultError as fault:
        return Carried("fault", str(fault))
    except Exception:  # whatever it is, it is ours
        return Carried("fault", traceback.format_exc())


def _carried(file: Path, folder: Path) -> Carried:
    try:
        scenario = load_scenario(file)
    except InputError as refusal:
        return _refused(refusal)
    said = _said_by_validate(scenario)
    try:
        result = _run(scenario)
    except InputError as refusal:
        if said is None:
            raise FaultError(f"validate says it is valid, and run refuses it: {refusal}") from refusal
        return _refused(said)
    if isinstance(said, InputError):
        raise FaultError(f"validate refuses it, and run carries it out: {said}")
    if said is not None and result.status != "infeasible":
        raise FaultError(f"validate says that it cannot be met, and the run is {result.status}: {said}")
    _check(result, folder / "run")
    return Carried(result.status)


def _said_by_validate(scenario: Scenario) -> InputError | InfeasibleError | None:
    try:
        check(scenario)
    except (InputError, InfeasibleError) as said:
        return said
    return None


def _refused(refusal: InputError | InfeasibleError) -> Carried:
    for problem in refusal.problems if isinstance(refusal, InputError) else ():
        if not problem.what or not (problem.path or str(problem.place)):
            raise FaultError(f"a refusal without a place: {problem}")
    return Carried("refused", str(refusal))


def _run(scenario: Scenario) -> Result:
    result = allocate(scenario)
    if scenario.settings.uncertainty.draws and result.status not in ("infeasible", "unknown"):
        result, _ = with_draws(result, 1, lambda _: None)
    return result


def _check(result: Result, folder: Path) -> None:
    """Hold a result against its inputs, in memory and as a folder, and against a run of its resolved scenario."""
    if wrong := verify(result):
        raise FaultError("run: it does not stand up to its inputs:\n" + "\n".join(wrong[:5]))
    summary_text(result, folder)
    write_run_folder(result, folder, Circumstances([], datetime.now(UTC), {}), force=False, keep_inputs=True)
    kept = read_run_folder(folder)
    if wrong := [*kept.changed_files(), *check_claim(kept.scenario, kept.claim)]:
        raise FaultError("verify: the untouched folder does not stand:\n" + "\n".join(wrong[:5]))
    if result.claim.summary.get("stopped") != "time":
        _check_again(kept)


def _check_again(kept: RunFolder) -> None:
    """Run the resolved scenario of a folder, which must be valid and give the same, to the byte."""
    said = _said_by_validate(kept.scenario)
    if isinstance(said, InputError):
        raise FaultError(f"the resolved scenario is refused: {said}")
    again = _run(kept.scenario).claim
    for name, table in kept.claim.tables.items():
        if csv_bytes(again.tables[name]) != csv_bytes(table):
            raise FaultError(
                f"the resolved scenario gives another {name}.csv: {_difference(table, again.tables[name])}"
            )
    for name in ("summary", "certificate"):
        one, other = (json.loads(json.dumps(getattr(claim, name))) for claim in (kept.claim, again))
        unlike = [key for key in {**one, **other} if key != FINDINGS and one.get(key) != other.get(key)]
        if unlike:
            told = [(key, one.get(key), other.get(key)) for key in unlike]
            raise FaultError(f"the resolved scenario gives another {name}.json: {told}")


def _difference(one: TextTable, other: TextTable) -> str:
    return "; ".join(
        f"{name}: {list(one[name])}, {list(other.get(name, ()))}"
        for name in one
        if list(one[name]) != list(other.get(name, ()))
    )


def carry_many(seeds: Iterable[int], folder: Path, told: Callable[[int, str], None]) -> Counter[str]:
    """How many random scenarios ended how; `told` hears of each fault, with the scenario's seed."""
    ends: Counter[str] = Counter()
    for seed in seeds:
        place = folder / str(seed)
        carried = carried_through(write_any_scenario(place, seed), place)
        ends[carried.end] += 1
        shutil.rmtree(place)
        if carried.end == "fault":
            told(seed, carried.why)
    return ends

"""A sweep that remembers gives what runs without any memory give."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import load_scenario
from nle_optimizer.engines.engine import KnownPrices
from nle_optimizer.engines.network import flow as core
from nle_optimizer.errors import NleOptimizerError
from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.memory import Memory, Stage, stage
from nle_optimizer.running import result_of
from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Geography
from nle_optimizer.stages.ledger import Ledger
from support.every_setting import VALUES, every_key
from support.random_scenarios import write_random_scenario
from support.scenarios import write_scenario

GEOGRAPHY = Geography.model_validate


def outcome(
    scenario: Scenario, changes: dict[str, Any], memory: Memory | None, known: KnownPrices | None = None
) -> Any:
    """Everything that a run publishes and what a second reading finds, of a spoilt copy too, or how it is refused."""
    try:
        changed = scenario.replace(changes)
        result = result_of(changed, memory=memory, known=known)
    except NleOptimizerError as error:
        return type(error), str(error)
    spoilt = replace(result, claim=without_last_pair(result.claim))
    readings = [check_claim(read.scenario, read.claim, memory) for read in (result, spoilt)]
    return result.claim, *readings


def without_last_pair(claim: Claim) -> Claim:
    shorter = {name: cells[:-1] for name, cells in claim.tables["allocation"].items()}
    return replace(claim, tables={**claim.tables, "allocation": shorter})


def test_every_setting_of_the_schema_is_turned() -> None:
    assert set(VALUES) == every_key()


@pytest.mark.parametrize(("seed", "most"), [(3, 1000), (8, 50)])
def test_whatever_setting_is_turned_neither_a_memory_nor_known_prices_change_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, most: int
) -> None:
    monkeypatch.setattr(core, "TINY", 0)
    scenario = load_scenario(write_random_scenario(tmp_path, seed))
    rng, memory, known = Random(seed), Memory(), KnownPrices()
    turns = [{key: value} for key, values in VALUES.items() for value in values]
    turns += [rng.choice(turns) | rng.choice(turns) for _ in range(20)]
    rng.shuffle(turns)
    for changes in turns[:most]:
        assert outcome(scenario, changes, memory, known) == outcome(scenario, changes, None), changes


def test_a_memory_that_forgets_at_once_changes_nothing(tmp_path: Path) -> None:
    scenario = load_scenario(write_random_scenario(tmp_path, 3))
    memory = Memory(most_bytes=1)
    for changes in ({"seed": 5}, {"geography.max_distance_km": 9}, {"seed": 5}, {"capacity.multiply.placements": 2}):
        assert outcome(scenario, changes, memory) == outcome(scenario, changes, None)


class Reading:
    """Settings, or a scenario, in the hands of a stage: they read as themselves, and every path read is noted."""

    def __init__(self, subject: Any, noted: set[str], path: str = ""):
        self._subject, self._noted, self._path = subject, noted, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._subject, name)
        path = f"{self._path}.{name}" if self._path else name
        if isinstance(value, Section):
            return Reading(value, self._noted, path)
        if not callable(value):
            self._noted.add(path)
        elif self._path:  # a method of a section may look at all of it
            self._noted.add(self._path)
        return value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._subject)


class Watching(Memory):
    """Remembers nothing, and holds what each stage reads against what it declares."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: set[Any] = set()
        self.undeclared: set[tuple[str, str]] = set()

    def result(self, stage: Any, /, *args: Any, **named: Any) -> Any:
        noted: set[str] = set()
        handed = [Reading(each, noted) if isinstance(each, Section | Scenario) else each for each in args]
        given = stage(*handed, **named)
        self.stages.add(stage)
        name = getattr(stage.function, "__name__", "")
        self.undeclared |= {
            (name, path) for path in noted if not any(f"{path}.".startswith(f"{read}.") for read in stage.reads)
        }
        return given


@pytest.mark.parametrize("seed", [3, 8])
def test_a_stage_reads_nothing_of_its_settings_but_what_it_declares(seed: int, tmp_path: Path) -> None:
    scenario = load_scenario(write_random_scenario(tmp_path, seed, demanding=seed % 2 == 1))
    memory = Watching()
    for key, values in VALUES.items():
        try:
            result = result_of(scenario.replace({key: values[seed % len(values)]}), memory=memory)
        except NleOptimizerError:
            continue
        check_claim(result.scenario, result.claim, memory)
    assert memory.undeclared == set()
    assert len(memory.stages) > 10


REACH = Stage(lambda geography, rows=None: [geography.min_distance_km, rows], ("min_distance_km",))


def test_a_stage_is_called_again_only_for_a_setting_that_it_declares() -> None:
    calls: list[Any] = []

    def reach(geography: Geography) -> Any:
        calls.append(geography)
        return geography.min_distance_km

    memory, declared = Memory(), stage("min_distance_km")(reach)
    for near, within in ((1, "none"), (1, "region"), (2, "region"), (1, "local_authority"), (2, "none")):
        assert memory.result(declared, GEOGRAPHY({"min_distance_km": near, "within": within})) == near
    assert len(calls) == 2


def test_one_is_not_true() -> None:
    memory = Memory()
    for rows in (1, True, 1.0, "1", (1,), (True,)):
        assert type(memory.result(REACH, Geography(), rows)[1]) is type(rows)


def test_arrays_of_equal_numbers_are_the_same_and_others_are_not() -> None:
    memory = Memory()
    given = [memory.result(REACH, Geography(), np.array(numbers)) for numbers in ([1, 2], [1, 2], [1, 3])]
    assert given[0] is given[1] is not given[2]
    assert given[2][1].tolist() == [1, 3]


def test_what_is_remembered_cannot_be_changed() -> None:
    numbers = Memory().result(REACH, Geography(), np.array([1, 2]))[1]
    with pytest.raises(ValueError, match="read-only"):
        numbers[0] = 5


def test_nobody_leaves_twice() -> None:
    ledger = Ledger()
    ledger.take_out(["S1"], "need", "no-need", ["nothing"])
    with pytest.raises(ValueError, match="S1 is excluded twice"):
        ledger.add(ledger.entries)


def test_a_radius_leaves_eligibility_a_multiplier_the_pairs_and_a_weight_who_is_near(tmp_path: Path) -> None:
    from nle_optimizer.stages.candidates import with_fit, within_filters
    from nle_optimizer.stages.eligibility import keep_eligible
    from nle_optimizer.stages.filters import side_filters

    scenario = load_scenario(write_scenario(tmp_path))
    called: list[Any] = []

    class Telling(Memory):
        def _keep(self, key: Any, result: Any) -> None:
            called.append(key[0])
            super()._keep(key, result)

    memory = Telling()
    for changes in ({}, {"capacity.multiply.placements": 2}, {"geography.max_distance_km": 30}):
        result_of(scenario.replace(changes), memory=memory)
    assert called.count(keep_eligible) == 1
    assert called.count(within_filters) == called.count(with_fit) == 2
    assert called.count(side_filters) == 1
    result_of(scenario.replace({"fit.weights": {"leadership": 2}}), memory=memory)
    assert (called.count(within_filters), called.count(with_fit)) == (2, 3)

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
from nle_optimizer.running import result_of
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Geography, Settings
from nle_optimizer.stage_calls import plainly
from nle_optimizer.stages.ledger import Ledger
from nle_optimizer.studies.sweep.memory import Memory
from support.every_setting import VALUES, every_key
from support.memory import settings_of
from support.random_scenarios import write_random_scenario
from support.scenarios import write_scenario

GEOGRAPHY = Geography.model_validate


def outcome(
    scenario: Scenario, changes: dict[str, Any], memory: Memory | None, known: KnownPrices | None = None
) -> Any:
    """Everything that a run publishes and what a second reading finds, of a spoilt copy too, or how it is refused."""
    try:
        changed = scenario.replace(changes)
        result = result_of(changed, recall=memory, known=known) if memory else result_of(changed)
    except NleOptimizerError as error:
        return type(error), str(error)
    spoilt = replace(result, claim=without_last_pair(result.claim))
    readings = [check_claim(read.scenario, read.claim, memory or plainly) for read in (result, spoilt)]
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


class Stage:
    """A stage that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def reach(self, geography: Geography, rows: Any = None) -> list[Any]:
        self.calls += 1
        return [geography.min_distance_km, rows]

    def of_settings(self, settings: Settings) -> list[Any]:
        self.calls += 1
        return [settings.geography.min_distance_km]

    def whole(self, geography: Geography) -> str:
        self.calls += 1
        return geography.model_dump_json()

    def leave(self, ledger: Ledger, settings: Settings) -> None:
        self.calls += 1
        ledger.take_out([settings.title], "need", "no-need", ["nothing"])


def test_a_stage_is_called_again_only_for_a_setting_that_it_read() -> None:
    stage, memory = Stage(), Memory()
    for near, within in ((1, "none"), (1, "region"), (2, "region"), (1, "local_authority"), (2, "none")):
        given = memory(stage.reach, GEOGRAPHY({"min_distance_km": near, "within": within}))
        assert given == [near, None]
    assert stage.calls == 2


def test_a_stage_that_looks_at_a_whole_section_depends_on_all_of_it() -> None:
    stage, memory = Stage(), Memory()
    for within in ("none", "region", "none"):
        geography = GEOGRAPHY({"within": within})
        assert memory(stage.whole, geography) == geography.model_dump_json()
    assert stage.calls == 2


def test_one_is_not_true() -> None:
    memory, stage = Memory(), Stage()
    for rows in (1, True, 1.0, "1", (1,), (True,)):
        assert type(memory(stage.reach, Geography(), rows)[1]) is type(rows)
    assert stage.calls == 6


def test_arrays_of_equal_numbers_are_the_same_and_others_are_not() -> None:
    memory, stage = Memory(), Stage()
    for numbers in ([1, 2], [1, 2], [1, 3]):
        assert memory(stage.reach, Geography(), np.array(numbers))[1].tolist() == numbers
    assert stage.calls == 2


def test_what_is_remembered_cannot_be_changed() -> None:
    memory, stage = Memory(), Stage()
    numbers = memory(stage.reach, Geography(), np.array([1, 2]))[1]
    with pytest.raises(ValueError, match="read-only"):
        numbers[0] = 5


def test_those_who_leave_at_a_stage_leave_again() -> None:
    memory, stage, ledgers = Memory(), Stage(), [Ledger(), Ledger()]
    settings = Settings.model_validate(
        {"schema": 1, "name": "x", "title": "S1", "data": {"schools": "a", "nles": "b"}},
    )
    for ledger in ledgers:
        memory(stage.leave, ledger, settings)
    assert stage.calls == 1
    assert ledgers[0].entries == ledgers[1].entries != {}
    with pytest.raises(ValueError, match="S1 is excluded twice"):
        memory(stage.leave, ledgers[0], settings)


def test_settings_kept_beyond_their_stage_are_refused_loudly() -> None:
    kept = Memory()(lambda geography: geography, Geography())
    with pytest.raises(RuntimeError, match="within is read after the stage"):
        _ = kept.within


def test_a_stage_within_a_stage_counts_as_read_by_both() -> None:
    memory, stage = Memory(), Stage()

    def outer(geography: Geography) -> list[Any]:
        return memory(stage.reach, geography)

    for near in (1, 2, 1):
        memory(stage.reach, GEOGRAPHY({"min_distance_km": near}))
        assert memory(outer, GEOGRAPHY({"min_distance_km": near}))[0] == near


def test_a_stage_within_a_stage_that_passes_its_settings_on_is_not_called_again() -> None:
    memory, stage = Memory(), Stage()

    def outer(settings: Settings) -> list[Any]:
        return [settings.seed, memory(stage.of_settings, settings)]

    for seed in (1, 2):
        assert memory(outer, settings_of(seed=seed)) == [seed, [0]]
    assert stage.calls == 1


def test_a_radius_leaves_eligibility_a_multiplier_the_pairs_and_a_weight_who_is_near(tmp_path: Path) -> None:
    from nle_optimizer.stages.candidates import side_filters, with_fit, within_filters
    from nle_optimizer.stages.eligibility import keep_eligible

    scenario = load_scenario(write_scenario(tmp_path))
    called: list[Any] = []

    class Telling(Memory):
        def _work_out(self, stage: Any, args: Any, named: Any) -> Any:
            called.append(stage)
            return super()._work_out(stage, args, named)

    memory = Telling()
    for changes in ({}, {"capacity.multiply.placements": 2}, {"geography.max_distance_km": 30}):
        result_of(scenario.replace(changes), recall=memory)
    assert called.count(keep_eligible) == 1
    assert called.count(within_filters) == called.count(with_fit) == 2
    assert called.count(side_filters) == 1
    result_of(scenario.replace({"fit.weights": {"leadership": 2}}), recall=memory)
    assert (called.count(within_filters), called.count(with_fit)) == (2, 3)

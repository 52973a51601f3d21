"""What a plan comes to when it is kept under error, and how plans made anew differ: by loops that try everything."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.result import Result
from nle_optimizer.running import result_of
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.studies.robustness.drawn import pairs_of
from nle_optimizer.studies.robustness.robustness import with_draws
from nle_optimizer.studies.robustness.trials import drawn
from support.rule_book import fit_of
from support.scenarios import nle, read_table, school, write_scenario

AREAS = ("leadership", "governance", "finance")
MILLION, BITS = 1_000_000, 2**64
RATES = {"draws": 41, "needs": 0.3, "expertise": 0.2, "nle_withdraws": 0.2, "school_refuses": 0.15}
SCHOOLS, NLES, PLACES, SEED = 4, 3, 2, 5
Plan = tuple[tuple[str, str], ...]


@dataclass
class World:
    """Who takes part, and each one's need or expertise by area, in millionths."""

    schools: Mapping[str, list[int]]
    nles: Mapping[str, list[int]]
    weights: tuple[int, ...] = (1, 1, 1)
    minimum: int = 0

    @cached_property
    def fit(self) -> dict[tuple[str, str], int]:
        """The fit of each candidate pair."""
        weights = [Fraction(weight) for weight in self.weights]
        fits = {
            (one, other): fit_of(need, expertise, weights, "need-covered")
            for one, need in self.schools.items()
            for other, expertise in self.nles.items()
        }
        return {pair: fit for pair, fit in fits.items() if fit >= max(1, self.minimum)}

    def plans(self) -> Iterator[Plan]:
        """Every allocation there is."""
        for chosen in product([None, *self.nles], repeat=len(self.schools)):
            pairs = tuple((one, other) for one, other in zip(self.schools, chosen, strict=True) if other)
            if all(chosen.count(other) <= PLACES for other in self.nles) and all(pair in self.fit for pair in pairs):
                yield pairs

    def left(self, plan: Plan) -> Plan:
        """The pairs of a plan that are candidates."""
        return tuple(pair for pair in plan if pair in self.fit)


def lot(name: str, salt: str, draw: int) -> int:
    """What an identifier draws in a draw, counted from 1: 64 bits."""

    def mixed(bits: int) -> int:
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % BITS
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % BITS
        return bits ^ bits >> 31

    digest = hashlib.blake2b(f"{salt} {SEED}:0:{name}".encode(), digest_size=8).digest()
    return mixed(int.from_bytes(digest, "little") ^ mixed(draw))


def off(world: World, draw: int) -> World:
    """The world of a draw."""

    def moved(name: str, prefix: str, amounts: Sequence[int], rate: float) -> list[int]:
        most = round(rate * MILLION)
        by = [lot(name, f"{prefix}_{area}", draw) % (2 * most + 1) - most for area in AREAS]
        return [min(max(amount + each, 0), MILLION) for amount, each in zip(amounts, by, strict=True)]

    def goes(name: str, salt: str, chance: float) -> bool:
        return lot(name, salt, draw) < int(Decimal(str(chance)) * (BITS - 1))

    schools = {
        name: moved(name, "need", needs, RATES["needs"])
        for name, needs in world.schools.items()
        if not goes(name, "refuses", RATES["school_refuses"])
    }
    nles = {
        name: moved(name, "expertise", expertise, RATES["expertise"])
        for name, expertise in world.nles.items()
        if not goes(name, "withdraws", RATES["nle_withdraws"])
    }
    return World(schools, nles, world.weights, world.minimum)


def values(world: World, plan: Plan, objectives: Sequence[str]) -> list[int]:
    fit = sum(world.fit[pair] for pair in plan)
    return [len(plan) if name == "schools_supported" else fit for name in objectives]


Best = tuple[list[int], list[int], list[int]]


def best(world: World, objectives: Sequence[str], give_up: Fraction = Fraction(0), fewest: int = 0) -> Best | None:
    """By objective the least and most that a best plan comes to, and what is as good; the first may give up a share."""
    plans = [plan for plan in world.plans() if len(plan) >= fewest]
    needed = []
    for n in range(len(objectives)):
        if not plans:
            return None
        top = max(values(world, plan, objectives)[n] for plan in plans)
        needed.append(top - int(top * give_up) if n == 0 else top)
        plans = [plan for plan in plans if values(world, plan, objectives)[n] >= needed[n]]
    reached = list(zip(*(values(world, plan, objectives) for plan in plans), strict=True))
    return [min(each) for each in reached], [max(each) for each in reached], needed


SETTINGS: list[tuple[dict[str, Any], list[str], Fraction, int]] = [
    ({"objectives": ["fit"]}, ["fit"], Fraction(0), 0),
    ({"objectives": ["schools_supported", "fit"]}, ["schools_supported", "fit"], Fraction(0), 0),
    (
        {"objectives": [{"fit": {"within": "10%"}}, "schools_supported"]},
        ["fit", "schools_supported"],
        Fraction(1, 10),
        0,
    ),
    (
        {
            "objectives": ["schools_supported", "fit"],
            "constraints": [{"name": "some", "type": "quota", "of": "schools", "minimum": 3}],
        },
        ["schools_supported", "fit"],
        Fraction(0),
        3,
    ),
]


def made(folder: Path, lots: Random, settings: Mapping[str, Any]) -> tuple[Result, World]:
    """A result with its draws, and its world; half of the worlds have a minimum fit that cuts pairs off."""

    def amounts() -> list[int]:
        return [lots.randrange(50_000, 1_000_001, 1000) for _ in AREAS]

    minimum = 0 if "constraints" in settings else lots.choice([0, 350_000])
    world = World(
        {f"S{n}": amounts() for n in range(SCHOOLS)}, {f"N{n}": amounts() for n in range(NLES)}, (1, 1, 1), minimum
    )

    def cells(prefix: str, told: Sequence[int]) -> dict[str, Any]:
        return {f"{prefix}_{area}": amount / MILLION for area, amount in zip(AREAS, told, strict=True)}

    file = write_scenario(
        folder,
        {
            "seed": SEED,
            "fit": {"measure": "need-covered", "minimum": minimum / MILLION},
            "uncertainty": RATES,
            **settings,
        },
        [school(n, **cells("need", world.schools[f"S{n}"])) for n in range(SCHOOLS)],
        [nle(n, **cells("expertise", world.nles[f"N{n}"]), placements=PLACES) for n in range(NLES)],
    )
    return with_draws(allocate(load_scenario(file)), 1, lambda _: None)[0], world


def rounded(number: Fraction) -> float:
    return float(round(number, 6))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("which", range(len(SETTINGS)))
def test_the_plan_kept_and_its_regret_are_those_of_loops_over_every_draw_and_every_plan(
    which: int, seed: int, tmp_path: Path
) -> None:
    settings, objectives, give_up, fewest = SETTINGS[which]
    result, world = made(tmp_path, Random(seed), settings)
    plan: Plan = pairs_of(result.claim)
    kept: list[list[int]] = [[] for _ in objectives]
    lost: list[list[tuple[int, int]]] = [[] for _ in objectives]
    beyond = 0
    for draw in range(1, RATES["draws"] + 1):  # type: ignore[operator]
        there = off(world, draw)
        anew = best(there, objectives, give_up, fewest)
        left = there.left(plan)
        if anew is None or len(left) < fewest:
            beyond += anew is not None
            continue
        own, (least, most, needed) = values(there, left, objectives), anew
        decided = next((n for n in range(len(objectives)) if own[n] < needed[n]), None)
        for n in range(len(objectives)):
            kept[n].append(own[n])
            lost[n].append((least[n] - own[n], most[n] - own[n]) if n == decided else (0, 0))
    said = result.claim.summary["under_error"]["this_plan"]
    assert (said["compared"], said["beyond_limits"]) == (len(kept[0]), beyond)
    for n, name in enumerate(objectives):
        scale = 1 if name == "schools_supported" else MILLION
        entry = next(each for each in (said, *said["others"]) if each["level"] == n + 1)
        assert entry["objective"] == name
        if kept[n]:
            ordered = sorted(kept[n])
            tail = len(ordered) // 40
            assert entry["low"] == rounded(Fraction(ordered[tail], scale))
            assert entry["high"] == rounded(Fraction(ordered[len(ordered) - 1 - tail], scale))
            assert entry["mean"] == rounded(Fraction(sum(ordered), scale * len(ordered)))
            least, most = (list(each) for each in zip(*lost[n], strict=True))
            means = [rounded(Fraction(sum(losses), scale * len(ordered))) for losses in (least, most)]
            assert means[0] <= entry["regret"]["mean"] <= means[1]
            ends = [rounded(Fraction(max(losses), scale)) for losses in (least, most)]
            assert ends[0] <= entry["regret"]["greatest"] <= ends[1]
            assert least == most or give_up, "only where an objective gives up something, best plans differ in it"
            assert entry["regret"]["draws"] == sum(each > 0 for each in least)
            assert min(least) >= 0
    assert said["objective"] == "fit"
    assert said["as_good"] == len(kept[0]) - sum(each > 0 for losses in lost for each, _ in losses)
    assert verify(result) == []


@pytest.mark.parametrize("seed", range(6))
def test_what_a_halved_or_doubled_weight_costs_is_that_of_loops_over_every_plan(seed: int, tmp_path: Path) -> None:
    result, world = made(tmp_path, Random(seed), SETTINGS[0][0] | {"uncertainty": RATES | {"draws": 1}})
    plan: Plan = pairs_of(result.claim)
    said = {(each["area"], each["change"]): each for each in result.claim.summary["under_error"]["weights"]}
    assert list(said) == [(area, change) for area in AREAS for change in ("halved", "doubled")]
    for (area, change), entry in said.items():
        weights = [1 if change == "halved" and name == area else 2 for name in AREAS]
        weights = [
            4 if change == "doubled" and name == area else weight for name, weight in zip(AREAS, weights, strict=True)
        ]
        there = World(world.schools, world.nles, tuple(weights), world.minimum)
        (new,) = best(there, ["fit"])[0]  # type: ignore[index]
        (own,) = values(there, there.left(plan), ["fit"])
        assert (entry["this_plan"], entry["new_plan"]) == (own / MILLION, new / MILLION)
        assert entry["regret"] == rounded(Fraction(new - own, MILLION)) >= 0
        assert entry["weight"] == (0.5 if change == "halved" else 2.0)


@pytest.mark.parametrize("seed", range(2))
def test_plans_made_anew_are_counted_as_they_are_made_one_by_one(seed: int, tmp_path: Path) -> None:
    result, _ = made(tmp_path, Random(seed), SETTINGS[1][0])
    scenario, plan = result.scenario, set(pairs_of(result.claim))
    draws = (drawn(scenario, scenario.settings.uncertainty, n) for n in range(41))
    anew = [set(pairs_of(result_of(each, brief=True).claim)) for each in draws]
    said = result.claim.summary["under_error"]["new_plans"]
    changed = [len(plan - each) for each in anew]
    assert said["same"] == sum(each == plan for each in anew)
    assert said["pairs_changed"] == {"mean": rounded(Fraction(sum(changed), 41)), "greatest": max(changed)}
    table = result.claim.tables["school_shares"]
    served = [sum(any(one == school for one, _ in each) for each in anew) for school in table["school_id"]]
    assert [Decimal(cell) for cell in table["share"]] == [
        (Decimal(each) / 41).quantize(Decimal("0.0001"), "ROUND_HALF_UP") for each in served
    ]
    assert set(table["school_id"]) == {school for each in (plan, *anew) for school, _ in each}
    words = [next(word for word, least in WORDS.items() if Decimal(cell) >= least) for cell in table["share"]]
    assert table["stands"] == words
    assert said["schools"] == {word: words.count(word) for word in WORDS}


WORDS = {"firm": Decimal("0.9"), "likely": Decimal("0.6"), "open": Decimal("0.3"), "toss-up": Decimal(0)}


@pytest.mark.parametrize("objectives", [["fit"], ["schools_supported", "fit", "distance"], ["leximin_fit", "fit"]])
def test_without_error_the_plan_is_worth_what_it_is_and_nothing_is_regretted(
    objectives: list[str], tmp_path: Path
) -> None:
    rates = {"draws": 3, "school_refuses": 0.000001}  # there is a rate, and under this seed nothing comes of it
    result, _ = made(tmp_path, Random(1), {"objectives": objectives, "uncertainty": rates})
    said = result.claim.summary["under_error"]
    plan = {level["name"]: level["value"] for level in result.claim.summary["objectives"]}
    told = [said["this_plan"], *said["this_plan"]["others"]]
    assert len(told) == len(objectives)
    for each in told:
        assert each["mean"] == each["low"] == each["high"] == pytest.approx(plan[each["objective"]], abs=5e-7)
        nothing = None if each["objective"] == "leximin_fit" else 0
        assert each["regret"] == {"draws": 0, "mean": nothing, "greatest": nothing}
    assert said["this_plan"]["as_good"] == said["new_plans"]["same"] == 3
    assert said["new_plans"]["pairs_changed"] == {"mean": 0, "greatest": 0}


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_is_never_ahead_of_one_that_is_proved_best(seed: int, tmp_path: Path) -> None:
    lots = Random(seed)
    objectives = lots.sample(["schools_supported", "leximin_fit", "min_fit", "distance", "fit", "fit_finance"], 3)
    first = ["fit"] if objectives[0] in ("distance", "min_fit") else []
    settings = {"objectives": [*first, *(name for name in objectives if name not in first)]}
    result, _ = made(tmp_path, lots, settings | {"uncertainty": RATES | {"draws": 15}})
    table = result.claim.tables["this_plan"]
    assert set(table["status"]) == {"optimal"} and "ahead" not in table["against"]
    said = result.claim.summary["under_error"]
    regrets = [each["regret"] for each in (said["this_plan"], *said["this_plan"]["others"])]
    assert all(each["greatest"] is None or 0 <= each["mean"] <= each["greatest"] for each in regrets)
    assert all(each["regret"] is None or each["regret"] >= 0 for each in said["weights"])
    assert verify(result) == []


def test_against_a_rule_that_proves_nothing_a_plan_may_be_ahead(tmp_path: Path) -> None:
    ahead = 0
    for seed in (5, 6):
        result, _ = made(tmp_path / str(seed), Random(seed), {"objectives": ["fit"], "rule": "nearest"})
        ahead += result.claim.tables["this_plan"]["against"].count("ahead")
        assert result.claim.summary["under_error"]["this_plan"]["proved"] == 0
        assert verify(result) == []
    assert ahead


def test_a_run_writes_the_table_and_the_command_gives_the_same_section(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, Random(3), SETTINGS[1][0])
    run = str(tmp_path / "run")
    assert run_program(["run", str(tmp_path / "scenario.yaml"), "--out", run, "--no-report"]) == 0
    said = json.loads((tmp_path / "run" / "summary.json").read_text())["under_error"]
    assert "Plans made anew" in capsys.readouterr().out
    assert run_program(["robustness", run, "--draws", "41", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["under_error"] == said
    rows = read_table(tmp_path / "run" / "this_plan.csv")
    assert {row["kind"] for row in rows} == {"estimates", "weights"}


def test_a_plan_of_nobody_is_compared_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"objectives": [{"fit": {"by": "region"}}], "uncertainty": {"draws": 2, "needs": 0.1}}
    nobody = {f"need_{area}": 0 for area in AREAS}
    file = write_scenario(tmp_path, settings, [school(1, region="London", **nobody)], [nle(1)])
    assert run_program(["run", str(file), "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert verify(tmp_path / "run") == []
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["under_error"]["this_plan"]["compared"] == 2

"""Explanations: prices equal re-solving, each cure serves the school, and every obstacle of a pair is told."""

import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import allocate
from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import InputError
from nle_optimizer.studies.earlier_run import Reopened, reopen
from nle_optimizer.studies.explaining.explain import every_left_out, explain, explained, whom
from nle_optimizer.studies.explaining.text import explanation_text
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, refusal, school, write_scenario

AREAS = ("leadership", "governance", "finance")


def run_of(folder: Path, settings: Any = None, schools: Any = None, nles: Any = None, **tables: Any) -> Path:
    file = write_scenario(folder, {"objectives": ["fit"], **(settings or {})}, schools, nles, **tables)
    assert run_program(["run", str(file), "--out", str(folder / "run"), "--no-report"]) == 0
    return folder / "run"


def random_run(folder: Path, rng: Random, **settings: Any) -> Reopened:
    def cells(prefix: str) -> dict[str, Any]:
        return {f"{prefix}_{area}": rng.choice([0.2, 0.5, 0.8, 1]) for area in AREAS}

    schools = [school(n, **cells("need"), easting=430_000 + rng.randint(0, 60_000)) for n in range(rng.randint(4, 7))]
    nles = [
        nle(n, **cells("expertise"), placements=rng.randint(1, 2), easting=430_000 + rng.randint(0, 60_000))
        for n in range(rng.randint(2, 3))
    ]
    return reopen(run_of(folder, settings, schools, nles))


def answer(run: Reopened, *words: str) -> dict[str, Any]:
    return explained(run, [whom(run.outcome, word) for word in words])


def fit_with(run: Reopened, **changes: Any) -> Decimal | None:
    """The total fit of the best allocation under other settings or pairs; None where there is none."""
    scenario = run.folder.scenario.replace(changes)
    result = allocate(scenario)
    metrics = result.claim.summary["metrics"]
    return None if result.status == "infeasible" else Decimal(str(metrics["total_fit"]))


@pytest.mark.parametrize("seed", range(12))
def test_the_price_of_each_candidate_is_what_solving_again_with_it_gives(seed: int, tmp_path: Path) -> None:
    run = random_run(tmp_path, Random(seed))
    base = Decimal(str(run.folder.claim.summary["metrics"]["total_fit"]))
    for identifier in run.outcome.recipients.ids.tolist():
        for each in answer(run, identifier)["candidates"]:
            if each["is_its_own"]:
                continue
            pairs = tmp_path / "pairs.csv"
            pairs.write_text(f"nle_id,school_id,relation\n{each['nle_id']},{identifier},require\n", encoding="utf-8")
            forced = fit_with(run, **{"data.pairs": str(pairs)})
            assert forced is not None
            assert Decimal(each["forced"]["change"]) == pytest.approx(forced - base)


@pytest.mark.parametrize("seed", range(12))
def test_everybody_left_out_is_told_the_same_at_once_as_alone(seed: int, tmp_path: Path) -> None:
    run = random_run(tmp_path, Random(seed), geography={"max_distance_km": 20}, fit={"minimum": 0.7})
    together = every_left_out(run)
    assert [each["school_id"] for each in together] == run.folder.claim.tables["unmatched"]["school_id"]
    for each in together:
        alone = answer(run, each["school_id"])
        assert each == {**alone, "candidates": alone["candidates"][:3]}


@pytest.mark.parametrize("seed", range(25))
def test_after_a_cure_of_reach_or_minimum_fit_the_first_objective_gains_at_least_what_was_told(
    seed: int, tmp_path: Path
) -> None:
    run = random_run(tmp_path, Random(seed), geography={"max_distance_km": 20}, fit={"minimum": 0.7})
    for each in every_left_out(run):
        for kind, own in each["cures"].items():
            for cure in own:
                if kind == "reach":
                    limit = Decimal(cure["limit_km"]) + Decimal(cure["more_km"])
                    assert Decimal(cure["distance_km"]) <= limit <= Decimal(cure["distance_km"]) + Decimal("0.001")
                    changed = run.folder.scenario.replace({"geography.max_distance_km": limit})
                elif kind == "minimum_fit":
                    changed = run.folder.scenario.replace({"fit.minimum": Decimal(cure["fit"])})
                else:
                    continue
                result = allocate(changed)
                told = result.claim.summary["metrics"]["total_fit"]
                base = run.folder.claim.summary["metrics"]["total_fit"]
                assert told >= base + float(cure["change"]) - 1e-9


def test_a_lifted_conflict_is_a_cure_of_its_own(tmp_path: Path) -> None:
    schools = [school(1, trust_id="T1"), school(2)]
    run = reopen(run_of(tmp_path, None, schools, [nle(1, trust_id="T1", placements=2)]))
    (cure,) = answer(run, "S1")["cures"]["conflict"]
    assert (cure["nle_id"], cure["conflict"]) == ("N1", "own-trust")


def test_every_obstacle_of_a_pair_is_told_and_not_the_first_alone(tmp_path: Path) -> None:
    pairs = [{"nle_id": "N1", "school_id": "S1", "relation": "forbid"}]
    schools = [school(1, phase="primary", trust_id="T1", easting=530_000), school(2)]
    nles = [nle(1, phases="secondary", trust_id="T1"), nle(2)]
    run = reopen(run_of(tmp_path, {"geography": {"max_distance_km": 50}}, schools, nles, pairs=pairs))
    told = answer(run, "S1", "N1")
    assert {each["code"] for each in told["obstacles"]} == {"too-far", "phase", "own-trust", "forbidden"}
    assert told["obstacles"][0]["why"] == "it is too far: 99.005 km, and at most 50 km may lie between"
    assert not told["is_candidate"]
    assert "only" not in explanation_text(told)


def test_a_fit_below_the_minimum_is_told_as_it_is(tmp_path: Path) -> None:
    need = {"need_leadership": 1, "need_governance": 0, "need_finance": 0}
    schools, nles = [school(1, **need)], [nle(1, expertise_leadership=0.375), nle(2)]
    run = reopen(run_of(tmp_path, {"fit": {"minimum": 0.4}}, schools, nles))
    (obstacle,) = answer(run, "S1", "N1")["obstacles"]
    assert obstacle["why"] == "the fit is below the minimum: 0.375"


def test_outside_the_network_a_pair_is_priced_by_solving_again(tmp_path: Path) -> None:
    schools = [school(1, days=3), school(2, days=5, need_finance=1), school(3, days=4, need_leadership=0.9)]
    nles = [nle(1, days=8), nle(2, days=5, expertise_finance=0.1)]
    run = reopen(run_of(tmp_path, {"capacity": {"resources": ["days"]}}, schools, nles))
    base = run.folder.claim.summary["metrics"]["total_fit"]
    matched = set(zip(*(run.folder.claim.tables["allocation"][key] for key in ("school_id", "nle_id")), strict=True))
    priced = 0
    for school_id in ("S1", "S2", "S3"):
        for nle_id in ("N1", "N2"):
            told = answer(run, school_id, nle_id)
            if (school_id, nle_id) in matched or not told["forced"]["possible"]:
                continue
            pairs = tmp_path / "pairs.csv"
            pairs.write_text(f"nle_id,school_id,relation\n{nle_id},{school_id},require\n", encoding="utf-8")
            forced = fit_with(run, **{"data.pairs": str(pairs)})
            assert forced is not None
            assert told["forced"]["exact"]
            assert float(told["forced"]["change"]) == pytest.approx(float(forced) - base)
            assert told["forced"]["method"] == "solving again from the plan"
            priced += 1
    assert priced


def told_price(levels: dict[str, tuple[str, str]], tiers: dict[str, tuple[int, int]], **more: Any) -> dict[str, Any]:
    """A price as `Prices` gives it, and a pair with it."""
    named = [{"name": name, "sense": sense, "change": change} for name, (sense, change) in levels.items()]
    counts = {name: {"now": now, "then": then} for name, (now, then) in tiers.items()}
    price = {"possible": True, "exact": True, "levels": named, "by_priority": counts, "who_moves": ["B loses N1"]}
    return {**price, "total_fit": "0", "total_distance_km": "0", "method": "network", **more}


MOST, LEAST = "maximise", "minimise"
TIER = "schools_supported[priority={}]"


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (
            told_price(
                {"schools_supported": (MOST, "0"), "fit": (MOST, "-0.12"), "distance": (LEAST, "2.3")},
                {"1": (4, 3), "2": (5, 6), "blank": (2, 2)},
            ),
            "costs 0.12 of fit and nothing of schools supported; priority 1: 3 instead of 4 supported; "
            "priority 2: 6 instead of 5 supported; 2.3 km more: B loses N1",
        ),
        (
            told_price(
                {TIER.format(1): (MOST, "-1"), TIER.format("blank"): (MOST, "1"), "fit": (MOST, "0.5")},
                {"1": (4, 3), "blank": (0, 1)},
                total_distance_km="-7",
            ),
            "gains 0.5 of fit; priority 1: 3 instead of 4 supported; without a priority: 1 instead of 0 supported; "
            "7.0 km less: B loses N1",
        ),
        (
            told_price({TIER.format(1): (MOST, "0"), "fit": (MOST, "-0.5"), "cost": (LEAST, "0")}, {"1": (4, 4)}),
            "costs 0.5 of fit and nothing of schools supported: B loses N1",
        ),
        (
            told_price({"blend": (MOST, "-0.5"), "region_gap": (LEAST, "-0.25")}, {}, total_fit="-0.25"),
            "costs 0.5 of the blend; gains 0.25 of region gap; 0.25 fit less: B loses N1",
        ),
        (told_price({"fit": (MOST, "0")}, {"1": (1, 1)}, who_moves=[]), "costs nothing: nobody else moves"),
        (
            told_price({"fit": (MOST, "0"), "distance": (LEAST, "0")}, {"1": (1, 0), "2": (0, 1)}),
            "costs nothing; priority 1: 0 instead of 1 supported; priority 2: 1 instead of 0 supported: B loses N1",
        ),
        (told_price({}, {}, possible=False), "no allocation has it"),
    ],
)
def test_a_price_is_told_on_every_level_and_by_priority(price: dict[str, Any], words: str) -> None:
    pair = {"about": "pair", "school_id": "A", "nle_id": "N1", "is_matched": False, "is_candidate": True}
    facts = {"fit": "1", "distance_km": "", "obstacles": [], "rank": 1, "candidates": 1, "is_required": False}
    told = {**pair, **facts, "has_room": True, "is_too_small": False, "instead": [], "forced": price}
    assert f"To force it {words}." in " ".join(explanation_text(told).split())


def test_under_a_rule_that_proves_nothing_a_pair_is_priced_by_following_the_rule_again(tmp_path: Path) -> None:
    settings = {"rule": "greedy", "objectives": ["schools_supported", "fit"]}
    nles = [nle(1), nle(2, expertise_finance=0.1)]
    run = reopen(run_of(tmp_path, settings, [school(1), school(2, need_finance=0)], nles))
    table = run.folder.claim.tables["allocation"]
    matched = dict(zip(table["school_id"], table["nle_id"], strict=True))
    other = {"N1": "N2", "N2": "N1"}[matched["S1"]]
    price = answer(run, "S1", other)["forced"]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"nle_id,school_id,relation\n{other},S1,require\n", encoding="utf-8")
    forced = fit_with(run, **{"data.pairs": str(pairs)})
    assert forced is not None and price["method"] == "following the rule again"
    base = Decimal(str(run.folder.claim.summary["metrics"]["total_fit"]))
    assert Decimal(price["total_fit"]) == pytest.approx(forced - base)
    assert price["who_moves"] == [f"S2 goes from {other} to {matched['S1']}"]


def test_an_excluded_school_is_told_each_condition_that_it_does_not_meet(tmp_path: Path) -> None:
    rule = {"name": "double", "when": {"latest_grade": [3, 4], "pupils": {"min": 100}}}
    schools = [school(1, latest_grade=2, pupils=50), school(2, latest_grade=4, pupils=300)]
    run = reopen(run_of(tmp_path, {"eligibility": {"rules": [rule]}}, schools, [nle(1)]))
    told = answer(run, "S1")
    assert (told["state"], told["stage"], told["reason"]) == ("excluded", "eligibility", "not-eligible")
    assert told["rules"] == [
        {
            "rule": "double",
            "unmet": [
                {"column": "latest_grade", "is": "2", "must_be": "3 or 4"},
                {"column": "pupils", "is": "50", "must_be": "at least 100"},
            ],
        }
    ]


def test_an_nle_that_is_out_is_told_why_and_one_that_is_in_what_it_is_worth(tmp_path: Path) -> None:
    run = reopen(run_of(tmp_path, None, [school(1), school(2)], [nle(1), nle(2, status="paused")]))
    assert answer(run, "N2")["reason"] == "paused"
    told = answer(run, "N1")
    assert told["one_more"]["change"] == "1"
    assert told["one_fewer"]["change"] == "-1"
    assert [each["has"] for each in told["next_best"]] == [[]]


def test_a_name_that_only_one_has_is_as_good_as_an_identifier(tmp_path: Path) -> None:
    run = run_of(tmp_path, None, [school(1), school(2, name="School 3"), school(3)], [nle(1)])
    assert explain(run, "school 1").document["school_id"] == "S1"
    assert "several have this name; give one of S2, S3" in refusal(explain, run, "School 3")
    assert "did you mean S1?" in refusal(explain, run, "S11")
    assert "name a school, an NLE, or one of each" in refusal(explain, run, "S1", "S2")


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_can_be_put_into_words_and_json(seed: int, tmp_path: Path) -> None:
    from nle_optimizer.scenario.scenario import load_scenario

    try:
        file = write_random_scenario(tmp_path, seed, demanding=seed % 2 == 1)
        scenario = load_scenario(file)
    except InputError:
        return
    if run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) != 0:
        return
    run = reopen(tmp_path / "run")
    rng = np.random.default_rng(seed)
    ids = [*scenario.schools.ids.tolist(), *scenario.nles.ids.tolist()]
    for word in rng.choice(ids, min(6, len(ids)), replace=False).tolist():
        told = explained(run, [whom(run.outcome, word)])
        assert explanation_text(told).startswith(("\x1b", word))
        json.dumps(told)
    for _ in range(4):
        pair = [str(rng.choice(scenario.schools.ids)), str(rng.choice(scenario.nles.ids))]
        told = explained(run, [whom(run.outcome, word) for word in pair], 5)
        assert pair[0] in explanation_text(told)

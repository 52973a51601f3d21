"""From a scenario to a problem: every stage in order, and the schools that go to trusts first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from nle_optimizer.engines.engine import Stopping, engine_named
from nle_optimizer.errors import Finding
from nle_optimizer.evidence.outcome import Case, TrustOutcome, agreed_beyond
from nle_optimizer.memory import Memory, Stage, stage, through
from nle_optimizer.model.build import (
    build_problem,
    build_trust_problem,
    distance_asked,
    objectives_of,
    use_of_resources,
)
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.requirement import requirement
from nle_optimizer.model.objective_kinds import Stakes
from nle_optimizer.model.objectives import ADDITIVE
from nle_optimizer.model.preferences import ranks_in_part
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.rules.registry import procedure_named
from nle_optimizer.scenario.policies import STATUS_QUO
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.candidates import Candidates, find_candidates
from nle_optimizer.stages.current import stands, used_up
from nle_optimizer.stages.eligibility import as_it_stood, keep_eligible
from nle_optimizer.stages.fit import with_needs
from nle_optimizer.stages.ledger import Exclusions, Ledger
from nle_optimizer.stages.reach import lacks_distance
from nle_optimizer.stages.recipients import form_recipients
from nle_optimizer.stages.requirements import refuse_lost_requirements
from nle_optimizer.stages.supply import NleSupply, holding, supply_of
from nle_optimizer.stages.trust_first import given_matches, mode_of, trust_pairs

Progress = Callable[[str], None]
"""Told the name of each step as it begins."""


def prepare(scenario: Scenario, tell: Progress, memory: Memory | None = None) -> Case:
    """Carry a scenario through every stage, up to the problem that an engine or rule solves.

    Args:
        scenario: settings and tables.
        tell: told the name of each step as it begins.
        memory: what stages gave before, if it is kept.

    Raises:
        InputError: something in the scenario that only shows when it is carried out.
        UnsupportedError: an objective or constraint that nothing here can carry out.
    """
    with scenario.locating():
        return _prepared(scenario, tell, memory)


def _prepared(scenario: Scenario, tell: Progress, memory: Memory | None) -> Case:
    settings, ledger, current = scenario.settings, Ledger(), scenario.current
    tell("eligibility")
    facts = through(memory, as_it_stood, scenario.schools, settings.as_of)
    eligible, out = through(memory, keep_eligible, facts, settings, current)
    ledger.add(out)
    tell("trusts first")
    left, trusts, out = through(memory, _trusts_first, eligible, scenario)
    ledger.add(out)
    listed = through(memory, _as_listed, left, scenario.schools)
    formed_table, formed, out = through(
        memory, form_recipients, listed, scenario.schools.ids, scenario.trusts, settings, current
    )
    ledger.add(out)
    stay, out = through(memory, with_needs, formed_table, scenario.pairs, settings)
    ledger.add(out)
    recipients = through(memory, TAKE, formed_table, stay)
    tell("candidates")
    asked = distance_asked(settings)
    supply, gone = _supply(scenario, distance_asked=asked)
    refuse_lost_requirements(scenario, recipients, ledger, supply)
    candidates = find_candidates(
        recipients,
        through(memory, TAKE, scenario.nles, supply.available),
        scenario.schools,
        scenario.pairs,
        settings,
        distance_needed=asked,
        current=current,
        memory=memory,
    )
    if settings.rule == STATUS_QUO:
        candidates = candidates.keeping_today()
    use = use_of_resources(candidates, scenario.settings, scenario.resources)
    supply, over = _with_agreed(supply, gone, candidates, use, scenario)
    ground = _ground(candidates, use, supply, scenario)
    objectives = objectives_of(settings, recipients, distances_known=_distances_known(candidates, supply, scenario))
    requirements = tuple(requirement(asked, ground) for asked in settings.constraints)
    problem = build_problem(ground, requirements, objectives, settings)
    beyond = agreed_beyond(candidates, requirements, over)
    return Case(
        _with_findings(scenario, problem, candidates, beyond),
        tuple(ledger.sorted()),
        sum(entry.stage == "trust-first" for entry in ledger.entries.values()),
        formed,
        supply,
        candidates,
        dict(ground.use),
        ground.cost,
        problem,
        trusts,
        tuple(objectives),
        requirements,
    )


def requiring(case: Case, pair: int) -> Problem:
    """The problem of a case with one more of its pairs required, as a run has it whose pairs table requires that pair.

    Raises:
        InputError: a limit that cannot be met then.
    """
    found, problem = case.candidates, case.problem
    required = _with(found.required, pair, len(found.nle))
    if not changes_limits(case, np.array([pair]))[0]:
        return replace(problem, required=required)
    found = replace(found, required=required, exempt=_with(found.exempt, pair, len(found.nle)))
    gone = _supply(case.scenario, distance_asked=distance_asked(case.scenario.settings))[1]
    supply, _ = _with_agreed(case.supply, gone, found, case.use, case.scenario)
    ground = _ground(found, case.use, supply, case.scenario)
    requirements = tuple(requirement(asked, ground) for asked in case.scenario.settings.constraints)
    return build_problem(ground, requirements, list(case.objectives), case.scenario.settings)


def changes_limits(case: Case, pairs: Integers) -> Flags:
    """Which pairs would change limits if they were required: those that stand today are exempt from them then."""
    settings, today, found = case.scenario.settings, case.candidates.current, case.candidates
    if today is None or not (settings.constraints or settings.capacity.multiply or settings.capacity.reserve):
        return np.zeros(len(pairs), dtype=bool)
    keys = found.nle[pairs] * len(found.recipients) + found.recipient[pairs]
    return np.isin(keys, today.keys[stands(today.table)])


def _with(flags: Flags | None, pair: int, size: int) -> Flags:
    with_it = np.zeros(size, dtype=bool) if flags is None else flags.copy()
    with_it[pair] = True
    return with_it


def _with_findings(scenario: Scenario, problem: Problem, candidates: Candidates, beyond: Sequence[Finding]) -> Scenario:
    """The scenario, with the findings that only show in the candidate pairs.

    Args:
        scenario, problem, candidates: what is prepared.
        beyond: findings on agreed pairs.
    """
    found = [replace(each, place=scenario.document.located(each).place) for each in beyond]
    rule = scenario.settings.rule
    procedure = procedure_named(rule)
    if procedure is not None and procedure.promise.by_ranks:
        found += ranks_in_part(problem, candidates, rule)
    return replace(scenario, findings=(*scenario.findings, *found)) if found else scenario


def trusts_first(scenario: Scenario) -> TrustOutcome | None:
    """The schools that high-quality trusts take; None where that is not optimised here.

    Raises:
        InputError: something in the scenario that only shows when it is carried out.
    """
    with scenario.locating():
        facts = as_it_stood(scenario.schools, scenario.settings.as_of)
        eligible, _ = keep_eligible(facts, scenario.settings, scenario.current)
        return _trusts_first(eligible, scenario)[1]


def _supply(scenario: Scenario, *, distance_asked: bool) -> tuple[NleSupply, Integers]:
    """Every NLE, with the capacity that pairs that ended, and those of schools elsewhere, have left; what is gone."""
    gone = used_up(scenario)
    supply = supply_of(
        scenario.nles,
        scenario.pairs,
        scenario.settings,
        scenario.resources,
        distance_asked=distance_asked,
        used_up=gone.amounts,
    )
    gone.refuse_unknown(supply.available)
    return supply, gone.amounts


def _with_agreed(
    supply: NleSupply, gone: Integers, candidates: Candidates, use: Mapping[str, Integers], scenario: Scenario
) -> tuple[NleSupply, Flags]:
    """The supply in which agreed pairs keep what they take; the available NLEs that this concerns."""
    if candidates.exempt is None:
        return supply, np.zeros(len(candidates.nles), dtype=bool)
    taken = np.zeros_like(supply.capacity)
    nles = np.flatnonzero(supply.available)[candidates.nle[candidates.exempt]]
    for n, amounts in enumerate(use.values()):
        np.add.at(taken[n], nles, amounts[candidates.exempt])
    held = holding(supply, gone, taken, scenario.resources)
    over: Flags = np.any(held.capacity > supply.capacity, axis=0)
    return held, over[supply.available]


def _distances_known(candidates: Candidates, supply: NleSupply, scenario: Scenario) -> bool:
    """Whether asking for distance leaves nobody out; only told where objectives are left open."""
    if scenario.settings.objectives is not None:
        return False
    if (_supply(scenario, distance_asked=True)[0].reason != supply.reason).any():
        return False
    return not lacks_distance(candidates.recipients, candidates.nles, candidates.given, scenario.settings)


def _ground(candidates: Candidates, use: dict[str, Integers], supply: NleSupply, scenario: Scenario) -> Ground:
    """The candidate pairs with what they take, cost, and may take."""
    cost = ADDITIVE["cost"].amounts(Stakes(candidates, use, scenario.settings.costs))
    capacity = dict(zip(scenario.resources, supply.capacity[:, supply.available], strict=True))
    return Ground(candidates, use, cost, capacity)


TAKE = Stage(Records.take)


@stage()
def _as_listed(left: Records, schools: Records) -> Records:
    """The rows still in, with their trust as the table has it: a conflict of interest counts from today."""
    rows = np.searchsorted(schools.ids.astype(str), left.ids.astype(str))
    return left.with_columns({"trust_id": schools.column("trust_id").take(rows)})


@stage("schools", "trusts", "settings.trust_first", "settings.suitability", "settings.seed")
def _trusts_first(eligible: Records, scenario: Scenario) -> tuple[Records, TrustOutcome | None, Exclusions]:
    """The schools left, what matching with trusts gave here, and those matched with a high-quality trust."""
    settings, ledger = scenario.settings, Ledger()
    mode = mode_of(settings, scenario.schools)
    if mode == "off":
        return eligible, None, {}
    given = given_matches(eligible, settings.trust_first)
    leaving = eligible.take(given)
    decisions = leaving.column("trust_decision").or_else("proposed")
    evidence = [
        f"trust {trust} ({decision}, in the schools table)"
        for trust, decision in zip(leaving.values("matched_trust_id"), decisions, strict=True)
    ]
    ledger.take_out(leaving.ids.tolist(), "trust-first", "matched-to-trust", evidence)
    left = eligible.take(~given)
    if mode == "given":
        return left, None, ledger.entries
    pairs = trust_pairs(left, scenario.trusts, leaving.values("matched_trust_id"), settings)
    problem = build_trust_problem(pairs)
    solution = engine_named("network").solve(problem, settings.seed, Stopping())
    chosen = solution.matched[np.argsort(pairs.school[solution.matched])]
    ids = pairs.schools.ids[pairs.school[chosen]]
    evidence = [
        f"trust {pairs.trusts.ids[pairs.trust[n]]}, {pairs.distance[n] / 1000:.1f} km away (matched here)"
        for n in chosen
    ]
    ledger.take_out(ids.tolist(), "trust-first", "matched-to-trust", evidence)
    return left.take(~np.isin(left.ids.astype(str), ids.astype(str))), TrustOutcome(problem, solution), ledger.entries

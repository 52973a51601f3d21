"""The one door: a scenario goes in, a checked result comes out."""

from collections.abc import Callable

import numpy as np

from nle_optimizer.engines.registry import choose_engine
from nle_optimizer.errors import InputError, Problem, UnsupportedError
from nle_optimizer.evidence.outcome import Outcome, TrustOutcome
from nle_optimizer.evidence.publication import publish
from nle_optimizer.model.build import (
    build_problem,
    build_trust_problem,
    distance_asked,
    objectives_of,
    use_of_resources,
)
from nle_optimizer.model.objectives.objective import Stakes
from nle_optimizer.model.objectives.registry import ADDITIVE
from nle_optimizer.records import Records
from nle_optimizer.result import Result
from nle_optimizer.rules.registry import check_rule
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.candidates import find_candidates
from nle_optimizer.stages.eligibility import keep_eligible
from nle_optimizer.stages.facts import as_it_stood
from nle_optimizer.stages.geography import settings_problem
from nle_optimizer.stages.ledger import Ledger
from nle_optimizer.stages.needs import keep_needy
from nle_optimizer.stages.recipients import form_recipients
from nle_optimizer.stages.requirements import refuse_lost_requirements
from nle_optimizer.stages.supply import supply_of
from nle_optimizer.stages.trust_first import given_matches, mode_of, trust_pairs

Progress = Callable[[str], None]
"""Told the name of each step as it begins."""


def allocate(scenario: Scenario, progress: Progress | None = None) -> Result:
    """Match NLEs with the schools and trusts of a scenario.

    Args:
        scenario: settings and tables.
        progress: told the name of each step as it begins.

    Returns:
        The result, not verified yet: `nle_optimizer.verify` reads it a second time, with code of its own.

    Raises:
        InputError: something in the scenario that only shows when it is carried out.
        UnsupportedError: the scenario asks for what no engine or rule can do.
        InfeasibleError: the required pairs cannot all be met.
    """
    tell = progress or (lambda _: None)
    check_request(scenario)
    outcome = solve(scenario, tell)
    tell("explaining")
    return Result(scenario, publish(outcome))


def check_request(scenario: Scenario) -> None:
    """Refuse what nothing here can carry out, before anything is computed.

    Raises:
        InputError: an unknown engine or rule, or a value out of range.
        UnsupportedError: a setting whose feature does not exist yet.
    """
    settings = scenario.settings
    check_rule(settings.rule)
    detour = settings_problem(settings.geography)
    if detour is not None:
        place = scenario.document.place(("geography", "detour_factor"))
        got = str(settings.geography.detour_factor)
        raise InputError([Problem(place, "geography.detour_factor", detour, got)])
    missing = [
        ("supply.add", bool(settings.supply.add), "NLEs that do not exist yet"),
        ("data.current", settings.data.current is not None, "pairs that stand today"),
        ("uncertainty.draws", settings.uncertainty.draws > 0, "draws around estimates"),
    ]
    problems = [
        Problem(
            scenario.document.place(tuple(path.split("."))),
            path,
            f"{what} are not available yet; take this out",
        )
        for path, asked, what in missing
        if asked
    ]
    if problems:
        raise UnsupportedError(problems)


def solve(scenario: Scenario, tell: Progress) -> Outcome:
    """Carry a scenario through every stage, and solve it."""
    settings, ledger = scenario.settings, Ledger()
    tell("eligibility")
    facts = as_it_stood(scenario.schools, settings.as_of)
    eligible = keep_eligible(facts, settings, ledger)
    tell("trusts first")
    left, trusts = _trusts_first(eligible, scenario, ledger)
    listed = _as_listed(left, scenario.schools)
    formed_table, formed = form_recipients(listed, scenario.trusts, settings, ledger)
    recipients = keep_needy(formed_table, scenario.pairs, settings, ledger)
    tell("candidates")
    asked = distance_asked(settings)
    supply = supply_of(scenario.nles, scenario.pairs, settings, scenario.resources, distance_asked=asked)
    refuse_lost_requirements(scenario.pairs, ledger, supply)
    nles = scenario.nles.take(supply.available)
    candidates = find_candidates(recipients, nles, scenario.schools, scenario.pairs, settings, distance_needed=asked)
    use = use_of_resources(candidates, settings, scenario.resources)
    known = bool((candidates.distance >= 0).all())
    objectives = objectives_of(settings, recipients, distances_known=known)
    problem = build_problem(candidates, supply.capacity[:, supply.available], use, objectives, settings)
    cost = ADDITIVE["cost"].amounts(Stakes(candidates, use, settings.costs))
    tell("matching")
    solution = choose_engine(problem, settings.engine).solve(problem, settings.seed)
    matched = sum(entry.stage == "trust-first" for entry in ledger.entries.values())
    return Outcome(
        scenario,
        tuple(ledger.sorted()),
        matched,
        formed,
        supply,
        candidates,
        use,
        cost,
        problem,
        solution,
        trusts,
    )


def _as_listed(left: Records, schools: Records) -> Records:
    """The rows still in, with their trust as the table has it: a conflict of interest counts from today."""
    rows = np.searchsorted(schools.ids.astype(str), left.ids.astype(str))
    return left.with_columns({"trust_id": schools.column("trust_id").take(rows)})


def _trusts_first(eligible: Records, scenario: Scenario, ledger: Ledger) -> tuple[Records, TrustOutcome | None]:
    """The schools left after those matched with a high-quality trust."""
    settings = scenario.settings
    mode = mode_of(settings, scenario.schools)
    if mode == "off":
        return eligible, None
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
        return left, None
    pairs = trust_pairs(left, scenario.trusts, leaving.values("matched_trust_id"), settings)
    problem = build_trust_problem(pairs)
    solution = choose_engine(problem, "network").solve(problem, settings.seed)
    chosen = solution.matched[np.argsort(pairs.school[solution.matched])]
    ids = pairs.schools.ids[pairs.school[chosen]]
    evidence = [
        f"trust {pairs.trusts.ids[pairs.trust[n]]}, {pairs.distance[n] / 1000:.1f} km away (matched here)"
        for n in chosen
    ]
    ledger.take_out(ids.tolist(), "trust-first", "matched-to-trust", evidence)
    return left.take(~np.isin(left.ids.astype(str), ids.astype(str))), TrustOutcome(problem, solution)

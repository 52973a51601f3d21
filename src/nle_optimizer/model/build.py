"""From candidates to a problem in whole numbers.

From candidates to a problem: what each pair uses, what each NLE has, and the ordered levels. Required pairs that
clash with the capacity of an NLE or the supporters of a recipient, seen without solving.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.requirement import Requirement
from nle_optimizer.model.constraints.rows import refuse_impossible, rows_of
from nle_optimizer.model.constraints.tally import PresenceBook
from nle_optimizer.model.levels import Level
from nle_optimizer.model.objective_kinds import Stakes
from nle_optimizer.model.objective_levels import build_levels, default_objectives, uses_distance
from nle_optimizer.model.problem import Problem, Resource, counted
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, shortest
from nle_optimizer.scenario.policies import eligibility_rules, objectives_asked
from nle_optimizer.scenario.setting_sections import Objective
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.eligibility import RULE
from nle_optimizer.stages.trust_first import TrustPairs


def objectives_of(settings: Settings, recipients: Records, *, distances_known: bool) -> list[Objective]:
    """The objectives of the rule or the scenario, or the default ones."""
    return objectives_asked(settings) or default_objectives(recipients, distances_known=distances_known)


def distance_asked(settings: Settings) -> bool:
    """Whether the scenario itself asks for distance, so that a pair without one is no candidate."""
    return settings.objectives is not None and uses_distance(settings.objectives)


def use_of_resources(candidates: Candidates, settings: Settings, resources: tuple[str, ...]) -> dict[str, Integers]:
    """What each pair takes of each resource, in millionths.

    Raises:
        InputError: a school whose amount is nowhere given.
    """
    return {name: _use(candidates, settings, name) for name in resources}


def _use(candidates: Candidates, settings: Settings, resource: str) -> Integers:
    use, known = use_where_known(candidates, settings, resource)
    blank = np.unique(candidates.recipient[~known])
    if len(blank):
        what = f"how much {resource} it takes is not known; fill the cell or set offer.{resource}"
        table = candidates.recipients
        raise InputError(
            [Fault(Place(table.source, row=int(table.rows[n])), resource, what, table.ids[n]) for n in blank[:20]]
        )
    return use


def use_where_known(candidates: Candidates, settings: Settings, resource: str) -> tuple[Integers, Flags]:
    """What each pair takes of a resource, in millionths, and where that is known."""
    cells = candidates.recipients.column(resource, Kind.AMOUNT)
    offers = _offers(candidates.recipients, settings, resource)
    first, second = (offers, cells) if settings.offer.get("override") is True else (cells, offers)
    amounts = np.where(first.given, first.values, second.or_else(MILLION))
    known = first.given | second.given | (resource == "placements")
    use = amounts[candidates.recipient]
    own = candidates.from_table(resource)
    use[own.given] = own.values[own.given]
    return use, known[candidates.recipient] | own.given


def _offers(recipients: Records, settings: Settings, resource: str) -> Column:
    """The amount offered to each recipient: by the rule that let it in, else to everybody; blank where none is."""
    general = settings.offer.get(resource)
    by_rule = {rule.name: rule.offer.get(resource, general) for rule in eligibility_rules(settings)}
    offers = [by_rule.get(rule, general) for rule in recipients.values(RULE)]
    amounts = [0 if offer is None else int(Decimal(offer) * MILLION) for offer in offers]
    given = np.array([offer is not None for offer in offers], dtype=bool)
    return Column(Kind.AMOUNT, np.array(amounts, dtype=np.int64), given)


def build_problem(
    ground: Ground,
    requirements: Sequence[Requirement],
    objectives: list[Objective],
    settings: Settings,
) -> Problem:
    """The problem of matching NLEs with recipients.

    Raises:
        InputError: a limit that could not be met, an objective that the tables do not allow, too large amounts.
    """
    if requirements:
        refuse_impossible(requirements)
    return state_problem(ground, requirements, objectives, settings)


def state_problem(
    ground: Ground,
    requirements: Sequence[Requirement],
    objectives: list[Objective],
    settings: Settings,
) -> Problem:
    """The same, whether or not its limits could be met.

    Raises:
        InputError: an objective that the tables do not allow, too large amounts.
    """
    candidates, book = ground.candidates, PresenceBook()
    recipients = candidates.recipients
    rows = tuple(row for requirement in requirements for row in rows_of(requirement, book))
    stakes = Stakes(candidates, ground.use, settings.costs, ground.capacity)
    levels = build_levels(objectives, stakes, book)
    return Problem(
        recipients.ids,
        candidates.nles.ids,
        candidates.recipient,
        candidates.nle,
        recipients.column("supporters").or_else(1).astype(np.int64),
        tuple(Resource(name, use, ground.capacity[name]) for name, use in ground.use.items()),
        candidates.required,
        levels,
        _tie_break(candidates, settings),
        rows,
        book.presences(),
    )


def _tie_break(candidates: Candidates, settings: Settings) -> tuple[Level, ...]:
    waited = waiting(candidates.recipients)
    if "arrived" not in settings.tie_break or not waited.given.any():
        return ()
    days = np.where(waited.given, np.maximum(waited.values, 0) + 1, 0)
    return (Level("arrived", 1, 1, days[candidates.recipient]),)


def waiting(recipients: Records) -> Column:
    """Days waited up to `as_of`; without one, up to the last arrival."""
    if "days_waiting" in recipients:
        return recipients.column("days_waiting")
    arrived = recipients.column("arrived")
    return Column(Kind.COUNT, arrived.values[arrived.given].max(initial=0) - arrived.values, arrived.given)


def build_trust_problem(pairs: TrustPairs) -> Problem:
    """The problem of matching schools with high-quality trusts: as many as possible, then nearest."""
    one = np.ones(len(pairs.trust), dtype=np.int64)
    return Problem(
        pairs.schools.ids,
        pairs.trusts.ids,
        pairs.school,
        pairs.trust,
        np.ones(len(pairs.schools), dtype=np.int64),
        (Resource("capacity", one, pairs.capacity),),
        None,
        (Level("matched", 1, 1, one), Level("distance", -1, 1000, -pairs.distance)),
    )


Words = Mapping[int, str]
MOST_NAMED = 5
"""Pairs that a sentence names."""


def overfull(problem: Problem, words: Words | None = None) -> list[str]:
    """The NLEs and recipients of whom more is required than they have or may have, in words.

    Args:
        problem: what is to be solved.
        words: why each required pair must be: `required`, `agreed` or `started`; pairs without a word are not named.
    """
    required = problem.required_pairs()
    if not len(required):
        return []
    return [*_overfull_nles(problem, words or {}), *_overfull_recipients(problem, words or {})]


def _named(problem: Problem, words: Words, mine: Flags, *, by_nle: bool) -> str:
    """The other side of some of the required pairs, each with why it must be, in brackets."""
    pairs = problem.required_pairs()[mine]
    others = problem.recipient_ids[problem.recipient[pairs]] if by_nle else problem.nle_ids[problem.nle[pairs]]
    told = [f"{other} {words[pair]}" for other, pair in zip(others, pairs.tolist(), strict=True) if pair in words]
    more = f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return f" ({', '.join(told[:MOST_NAMED])}{more})" if told else ""


def _overfull_nles(problem: Problem, words: Words) -> list[str]:
    required = problem.required_pairs()
    told: dict[int, str] = {}
    for resource in problem.resources:
        taken = np.zeros(len(problem.nle_ids), dtype=np.int64)
        np.add.at(taken, problem.nle[required], resource.use[required])
        for n in np.flatnonzero(taken > resource.capacity).tolist():
            has, takes = counted(shortest(int(resource.capacity[n]), 6), resource.name), shortest(int(taken[n]), 6)
            pairs = _named(problem, words, problem.nle[required] == n, by_nle=True)
            told.setdefault(
                n,
                f"NLE {problem.nle_ids[n]} has {has}, and its required pairs take {takes}{pairs}: "
                "drop a requirement or give it more capacity",
            )
    return [told[n] for n in sorted(told)]


def _overfull_recipients(problem: Problem, words: Words) -> list[str]:
    recipients = problem.recipient[problem.required_pairs()]
    of_recipient = np.bincount(recipients, minlength=len(problem.recipient_ids))
    return [
        f"school {problem.recipient_ids[n]} may have {counted(str(problem.supporters[n]), 'nles')}, and "
        f"{of_recipient[n]} are required for it{_named(problem, words, recipients == n, by_nle=False)}: "
        "drop a requirement or raise its supporters"
        for n in np.flatnonzero(of_recipient > problem.supporters)
    ]

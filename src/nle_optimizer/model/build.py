"""From candidates to a problem: what each pair uses, what each NLE has, and the ordered levels."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from nle_optimizer.errors import InputError, Place
from nle_optimizer.errors import Problem as Fault
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.presences import PresenceBook
from nle_optimizer.model.constraints.requirement import Requirement
from nle_optimizer.model.constraints.rows import refuse_impossible, rows_of
from nle_optimizer.model.levels import Level
from nle_optimizer.model.objectives.levels import build_levels, default_objectives, uses_distance
from nle_optimizer.model.objectives.objective import Stakes
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.objective_setting import Objective
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.rule_objectives import objectives_asked
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

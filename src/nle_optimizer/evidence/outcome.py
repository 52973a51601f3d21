"""Everything one allocation was made of, and what stands around it.

Everything one allocation was made of, for those who explain, measure and report it. Everything that stands between
eligible schools and available NLEs, so many pairs at a time. The nearest available NLE of each recipient that is left
out. Agreed pairs that are beyond a limit of now: they stay, and each is told with the limit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cached_property

import numpy as np

from nle_optimizer.catalogue.reasons import FILTERS
from nle_optimizer.catalogue.summary import Status
from nle_optimizer.errors import Finding, Place
from nle_optimizer.model.build import distance_asked
from nle_optimizer.model.constraints.requirement import Requirement
from nle_optimizer.model.problem import Clash, Problem, Solution
from nle_optimizer.records import Flags, Integers, Records, Texts, shortest
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import Objective
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.current import GivenPairs, given_pairs
from nle_optimizer.stages.filters import FilterContext, PairFacts
from nle_optimizer.stages.geography import NO_LIMIT, is_placed, metres
from nle_optimizer.stages.ledger import Exclusion
from nle_optimizer.stages.requirements import Required
from nle_optimizer.stages.supply import NleSupply


@dataclass(frozen=True, eq=False)
class TrustOutcome:
    """Schools matched with high-quality trusts by us: the problem solved, and its solution."""

    problem: Problem
    solution: Solution


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario carried through every stage, ready to be solved.

    Attributes:
        scenario: settings and tables.
        exclusions: every school that is out, sorted.
        matched_to_trust: how many of them are matched with a trust.
        formed: recipients formed from a trust's schools.
        supply: every NLE, in or out.
        candidates: the candidate pairs.
        use: what each pair takes of each resource, in millionths.
        cost: what each pair costs, in millionths of a pound.
        problem: the same in integers.
        trusts: the trust-first solution, where it was optimised here.
        objectives: the objectives in force, asked for or by default.
        requirements: the constraints, with what their rows count.
    """

    scenario: Scenario
    exclusions: tuple[Exclusion, ...]
    matched_to_trust: int
    formed: int
    supply: NleSupply
    candidates: Candidates
    use: dict[str, Integers]
    cost: Integers
    problem: Problem
    trusts: TrustOutcome | None
    objectives: tuple[Objective, ...]
    requirements: tuple[Requirement, ...]

    @property
    def recipients(self) -> Records:
        """The eligible recipients, sorted by identifier."""
        return self.candidates.recipients

    def without_solution(self, engine: str, clashes: Sequence[str], clash: Clash | None = None) -> "Outcome":
        """The outcome where no allocation meets the requirements: nobody is matched."""
        solution = Solution(engine, np.zeros(0, np.int64), (), in_every_optimum=np.zeros(0, bool))
        return replace(self.solved_by(solution), clashes=tuple(clashes), clash=clash)

    def solved_by(self, solution: Solution) -> "Outcome":
        """The outcome of this case under a solution of its problem."""
        return Outcome(**{field.name: getattr(self, field.name) for field in fields(self)}, solution=solution)


@dataclass(frozen=True, eq=False)
class Outcome(Case):
    """One allocation: a case, and a solution of its problem; or no allocation, and what clashes.

    Attributes:
        solution: the allocation, or nobody.
        clashes: what clashes, in sentences; empty where an allocation is possible.
        clash: the same for programs; None where required pairs alone exceed a capacity.
    """

    solution: Solution
    clashes: tuple[str, ...] = ()
    clash: Clash | None = None

    @cached_property
    def status(self) -> Status:
        """`optimal`, `feasible`, `infeasible`, `unknown` or `completed`: see docs/reference/decisions.md."""
        if self.clashes:
            return "infeasible"
        if self.solution.completed:
            return "completed"
        if self.problem.levels and not self.solution.levels:
            return "unknown"
        return "optimal" if all(level.proved for level in self.solution.levels) else "feasible"

    @cached_property
    def matched(self) -> Integers:
        """Indices of the matched candidate pairs, by recipient, then NLE."""
        pairs, recipient = self.solution.matched, self.candidates.recipient
        return pairs[np.lexsort((self.candidates.nle[pairs], recipient[pairs]))]

    @cached_property
    def firm(self) -> Flags | None:
        """For each pair of `matched`, whether it stands in every optimal allocation; None where that is not known."""
        if self.solution.in_every_optimum is None:
            return None
        at = np.searchsorted(self.solution.matched, self.matched)
        return self.solution.in_every_optimum[at]

    @cached_property
    def found(self) -> Integers:
        """How many NLEs each recipient has, shape (recipients,)."""
        return np.bincount(self.candidates.recipient[self.solution.matched], minlength=len(self.recipients))

    @cached_property
    def supported(self) -> Flags:
        """Which recipients have at least one NLE."""
        return np.asarray(self.found > 0, dtype=bool)

    @cached_property
    def out_of_region(self) -> tuple[Flags, Flags]:
        """For each pair of `matched`, whether its sides lie in different regions, and whether both are known."""
        recipients, nles = self.recipients, self.candidates.nles
        theirs = recipients.values("region")[self.candidates.recipient[self.matched]]
        ours = nles.values("region")[self.candidates.nle[self.matched]]
        folded = [_folded(texts) for texts in (theirs, ours)]
        return folded[0] != folded[1], (theirs != "") & (ours != "")

    @cached_property
    def used(self) -> Integers:
        """What each available NLE gives of each resource, shape (resources, nles), in millionths."""
        total = np.zeros((len(self.use), len(self.candidates.nles)), dtype=np.int64)
        for n, amounts in enumerate(self.use.values()):
            np.add.at(total[n], self.candidates.nle[self.matched], amounts[self.matched])
        return total


def _folded(texts: Texts) -> Texts:
    return np.array([str(text).casefold() for text in texts], dtype=object)


AT_ONCE = 65_000
"""Pairs that are looked at together: few enough for a processor to keep them near."""


def filters_of(case: Case) -> FilterContext:
    """What every filter asks of the recipients and the available NLEs of a case."""
    scenario, found = case.scenario, case.candidates
    return FilterContext(
        found.recipients,
        found.nles,
        scenario.schools,
        found.given,
        scenario.settings,
        distance_needed=distance_asked(scenario.settings),
    )


def in_portions(context: FilterContext, recipients: Integers, nles: Integers) -> Iterator[tuple[Integers, PairFacts]]:
    """Some recipients, ascending, so many at a time, with their pairs with some NLEs, shape (nles, recipients)."""
    size = max(1, AT_ONCE // max(1, len(nles)))
    for start in range(0, len(recipients), size):
        portion = recipients[start : start + size]
        yield portion, context.of(*np.ix_(nles, portion))


NOWHERE = -1

SMALL = 1_000_000
"""Distances that are reckoned one by one rather than by a search tree."""

CLOSE = 2
"""Metres within which two distances may round to the same."""


def nearest_nles(outcome: Outcome, rows: Integers) -> tuple[Integers, Integers]:
    """For each given recipient, the index of the nearest available NLE and its distance in metres.

    Distances of the pairs table count in place of computed ones; ties go to the lower identifier; -1 where
    no distance is known.
    """
    recipients, nles = outcome.recipients.take(rows), outcome.candidates.nles
    detour = outcome.scenario.settings.geography.detour_factor
    nle, distance = _by_place(recipients, nles, detour)
    table = given_pairs(outcome.scenario.pairs, recipients, nles)
    if table is not None and table.given("distance_km").any():
        _patch(recipients, nles, (nle, distance), table, detour)
    return nle, distance


def _by_place(recipients: Records, nles: Records, detour: Decimal) -> tuple[Integers, Integers]:
    nle = np.full(len(recipients), NOWHERE, dtype=np.int64)
    distance = np.full(len(recipients), NOWHERE, dtype=np.int64)
    placed, here = np.flatnonzero(is_placed(nles)), np.flatnonzero(is_placed(recipients))
    if len(placed) and len(here):
        points, places = _points(nles)[placed], _points(recipients)[here]
        nearest = _nearest(places, points, detour)
        nle[here] = placed[nearest]
        apart = points[nearest] - places
        distance[here] = metres((apart * apart).sum(axis=1), detour)
    return nle, distance


def _nearest(places: Integers, points: Integers, detour: Decimal) -> Integers:
    """The nearest point of each place by whole metres; where several are equally near, the first."""
    if len(points) * len(places) <= SMALL:
        return np.asarray(metres(_squares(places, points), detour).argmin(axis=1))
    from scipy.spatial import cKDTree

    apart, nearest = cKDTree(points).query(places, k=2)
    first = nearest[:, 0].astype(np.int64)
    for row in np.flatnonzero(apart[:, 1] - apart[:, 0] < CLOSE):
        first[row] = metres(_squares(places[row : row + 1], points), detour).argmin()
    return first


def _squares(places: Integers, points: Integers) -> Integers:
    across = places[:, :1] - points[:, 0]
    up = places[:, 1:] - points[:, 1]
    return across * across + up * up


def _points(table: Records) -> Integers:
    return np.stack([table.values("easting"), table.values("northing")], axis=1)


def _row(recipients: Records, nles: Records, row: int, detour: Decimal) -> Integers:
    """The distance of one recipient from every NLE; NO_LIMIT where not known."""
    if not is_placed(recipients)[row]:
        return np.full(len(nles), NO_LIMIT, dtype=np.int64)
    squares = _squares(_points(recipients)[row : row + 1], _points(nles))[0]
    return np.where(is_placed(nles), metres(squares, detour), NO_LIMIT)


def _patch(
    recipients: Records, nles: Records, found: tuple[Integers, Integers], table: GivenPairs, detour: Decimal
) -> None:
    """Reckon the recipients anew that the pairs table gives a distance for."""
    told = np.flatnonzero(table.given("distance_km"))
    for row in np.unique(table.recipient[told]):
        distances = _row(recipients, nles, int(row), detour)
        of_row = told[table.recipient[told] == row]
        distances[table.nle[of_row]] = table.table.values("distance_km")[of_row]
        best = int(distances.argmin())
        if distances[best] < NO_LIMIT:
            found[0][row], found[1][row] = best, distances[best]


CODE = "agreed-beyond-limit"
MOST = 5
"""Pairs that a finding on a limit over many names."""


def agreed_beyond(candidates: Candidates, requirements: Sequence[Requirement], over: Flags) -> list[Finding]:
    """A finding for each agreed pair beyond a limit on pairs, each limit over many that they exceed, and each capacity.

    Args:
        candidates: the pairs.
        requirements: the constraints.
        over: by available NLE, whether agreed pairs take more than settings leave of its capacity.
    """
    if candidates.exempt is None:
        return []
    said = _Told(candidates)
    return [*said.pairs(), *said.limits(requirements), *said.capacities(over)]


class _Told:
    def __init__(self, candidates: Candidates):
        self._found = candidates
        self._asked = Required(candidates.given, candidates.current, candidates.recipients, candidates.nles)

    def pairs(self) -> Iterator[Finding]:
        """Pairs that a filter would remove."""
        for nle, recipient, code in sorted(self._found.beyond):
            what = f"the pair is {self._asked.word(nle, recipient)} and stays, although {FILTERS[code].beyond}"
            at = self._found.nle * len(self._found.recipients) + self._found.recipient
            (pair,) = np.flatnonzero(at == nle * len(self._found.recipients) + recipient)
            yield self._finding(nle, recipient, what, self._figures(int(pair), code))

    def _figures(self, pair: int, code: str) -> str:
        """The pair in words, with the figure that the limit is about."""
        figures = {
            "too-far": f", {self._found.distance[pair] / 1000:.1f} km",
            "too-near": f", {self._found.distance[pair] / 1000:.1f} km",
            "fit-below-minimum": f", fit {shortest(int(self._found.fit[pair]), 6)}",
        }
        return self._names(pair) + figures.get(code, "")

    def _names(self, pair: int) -> str:
        return f"{self._nle(int(self._found.nle[pair]))}, {self._found.recipients.ids[self._found.recipient[pair]]}"

    def _nle(self, nle: int) -> str:
        return str(self._found.nles.ids[nle])

    def _finding(self, nle: int, recipient: int, what: str, got: str) -> Finding:
        word = self._asked.word(nle, recipient)
        return Finding(
            self._asked.place(nle, recipient), "relation" if word == "required" else "state", what, got, code=CODE
        )

    def limits(self, requirements: Sequence[Requirement]) -> Iterator[Finding]:
        """Limits over many pairs that agreed pairs exceed by themselves."""
        for requirement in requirements:
            for label, pairs in requirement.exceeded():
                what = f"the agreed pairs alone are beyond {label}: they stay, and nothing beyond them is let in"
                yield Finding(Place(), f"constraints.{requirement.asked.name}", what, self._some(pairs), code=CODE)

    def capacities(self, over: Flags) -> Iterator[Finding]:
        """NLEs that agreed pairs keep busier than `capacity.multiply` and `capacity.reserve` would have them."""
        assert self._found.exempt is not None
        for nle in np.flatnonzero(over).tolist():
            pairs = np.flatnonzero(self._found.exempt & (self._found.nle == nle))
            what = f"the agreed pairs of {self._nle(nle)} take more than capacity.multiply and capacity.reserve leave"
            yield Finding(Place(), "capacity", f"{what}: they stay, and it gets no more", self._some(pairs), code=CODE)

    def _some(self, pairs: Integers) -> str:
        more = f" and {len(pairs) - MOST} more" if len(pairs) > MOST else ""
        return "; ".join(self._names(int(pair)) for pair in pairs[:MOST]) + more

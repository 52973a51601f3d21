"""The candidate pairs: who may support whom, how well, and why nobody may support the rest."""

from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.memory import Memory, stage, through
from nle_optimizer.records import Column, Flags, Integers, Kind, Records, Texts, blank_column
from nle_optimizer.scenario.columns import PAIRS
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.current import GivenPairs, given_pairs, stands
from nle_optimizer.stages.filters import FILTERS, FilterContext, PairFacts
from nle_optimizer.stages.fit import SHARES_OF_NEED, Needs
from nle_optimizer.stages.ledger import MOST_SHOWN, Beyond, Sieve
from nle_optimizer.stages.reach import BY_REACH, reach
from nle_optimizer.stages.requirements import Required


@dataclass(frozen=True, eq=False)
class Candidates:
    """Every pair that may be matched, sorted by NLE, then recipient.

    Attributes:
        recipients, nles: the two sides, sorted by identifier.
        nle, recipient: shapes (pairs,): indices into them.
        distance: metres; -1 where not known.
        fit: millionths, preferences included.
        required: pairs that must be matched; None where there are none.
        given: the rows of the pairs table between the two sides, or None.
        needs: needs and expertise.
        last_filter: shape (recipients,): the code of the filter that removed a recipient's last pair;
            blank where it has candidates.
        current: the rows of `data.current` between the two sides, or None.
        keeps_several: recipients with several NLEs today, under a rule that keeps what stands; else None.
        exempt: pairs agreed today, which no limit removes; None where there are none.
        beyond: the limits that such pairs are beyond.
    """

    recipients: Records
    nles: Records
    nle: Integers
    recipient: Integers
    distance: Integers
    fit: Integers
    required: Flags | None
    given: GivenPairs | None
    needs: Needs
    last_filter: Texts
    current: GivenPairs | None = None
    exempt: Flags | None = None
    beyond: tuple[Beyond, ...] = ()
    keeps_several: Flags | None = None

    def __len__(self) -> int:
        return len(self.nle)

    @property
    def keys(self) -> Integers:
        """One ascending number a pair: nle * recipients + recipient."""
        return self.nle * len(self.recipients) + self.recipient

    def some(self, rows: Integers) -> "Candidates":
        """Some of the pairs alone, none of them required."""
        return replace(
            self,
            nle=self.nle[rows],
            recipient=self.recipient[rows],
            distance=self.distance[rows],
            fit=self.fit[rows],
            required=None,
            exempt=None,
        )

    @property
    def several(self) -> Flags:
        """Recipients of whom several pairs may be matched, shape (recipients,)."""
        may_have = np.asarray(self.recipients.column("supporters").or_else(1) > 1, dtype=bool)
        return may_have if self.keeps_several is None else may_have | self.keeps_several

    def keeping_today(self) -> "Candidates":
        """The same under a rule that keeps what stands, however many NLEs a recipient has today."""
        if self.current is None:
            return self
        today = np.bincount(self.current.recipient[stands(self.current.table)], minlength=len(self.recipients))
        return replace(self, keeps_several=np.asarray(today > 1, dtype=bool))

    def from_table(self, name: str) -> Column:
        """A column of the pairs table for each candidate pair; blank where no row gives it."""
        if self.given is None:
            spec = PAIRS.columns.get(name)
            return blank_column(spec.kind if spec else Kind.AMOUNT, len(self))
        return self.given.spread(name, self.keys)


@dataclass(frozen=True, eq=False)
class Reached:
    """The pairs that may be, whatever their fit.

    Attributes:
        sieve: the pairs.
        given, current: the rows of the pairs table, and of what stands today, between the two sides, or None.
    """

    sieve: Sieve
    given: GivenPairs | None
    current: GivenPairs | None


def find_candidates(
    recipients: Records,
    nles: Records,
    schools: Records,
    pairs: Records | None,
    settings: Settings,
    *,
    distance_needed: bool,
    current: Records | None = None,
    memory: Memory | None = None,
) -> Candidates:
    """The candidate pairs between recipients and available NLEs.

    Args:
        recipients: who may be supported, sorted by identifier.
        nles: the available NLEs, sorted by identifier.
        schools: the whole schools table, for home schools.
        pairs: the pairs table, or None.
        settings: the scenario's settings.
        distance_needed: whether an objective uses distance, so that a pair without one is out.
        current: what stands today, or None.
        memory: what stages gave before, if it is kept.

    Raises:
        InputError: a required or pinned pair that a filter removes; an unknown need under `fit.unknown: error`.
    """
    sides = recipients, nles, schools
    reached = through(memory, within_filters, *sides, pairs, settings, distance_needed, current, memory)
    return through(memory, with_fit, reached, *sides, settings, memory)


@stage("geography", "suitability", "conflicts", "data.pairs")
def within_filters(
    recipients: Records,
    nles: Records,
    schools: Records,
    pairs: Records | None,
    settings: Settings,
    distance_needed: bool,
    current: Records | None,
    memory: Memory | None,
) -> Reached:
    """The pairs that pass every filter but those on fit; arguments and errors as for `find_candidates`."""
    given, standing = given_pairs(pairs, recipients, nles), given_pairs(current, recipients, nles)
    required = Required(given, standing, recipients, nles)
    context = FilterContext(recipients, nles, schools, given, settings, distance_needed=distance_needed, memory=memory)
    sieve = reach(context, required)
    for code in FILTERS:
        if code not in (*BY_REACH, *BY_FIT):
            sieve = sieve.drop(code, _facts(context, sieve).removed_by(code))
    return Reached(sieve, given, standing)


BY_FIT = ("unknown-fit", "no-need-met", "fit-below-minimum")


@stage("fit", "suitability")
def with_fit(
    reached: Reached, recipients: Records, nles: Records, schools: Records, settings: Settings, memory: Memory | None
) -> Candidates:
    """The pairs that fit well enough, with their fit; errors as for `find_candidates`."""
    context = FilterContext(recipients, nles, schools, reached.given, settings, distance_needed=False, memory=memory)
    unknown, needless, poorly = BY_FIT
    facts = _facts(context, reached.sieve)
    if settings.fit.unknown != "exclude":
        _refuse_unknown(facts)
    sieve = reached.sieve.drop(unknown, facts.removed_by(unknown))
    sieve = sieve.drop(needless, _facts(context, sieve).removed_by(needless))
    facts = _facts(context, sieve)
    _refuse_sums(sieve.recipient[~np.broadcast_to(facts.told("fit").given, facts.shape)], recipients, settings)
    sieve, poor = sieve.sparing(poorly, facts.removed_by(poorly))
    sieve = sieve.drop(poorly, poor)
    return Candidates(
        recipients,
        nles,
        sieve.nle,
        sieve.recipient,
        sieve.distance,
        facts.fit[~poor] if poor.any() else facts.fit,
        sieve.required,
        reached.given,
        context.needs,
        sieve.last_filter,
        reached.current,
        sieve.exempt,
        sieve.beyond,
    )


def _facts(context: FilterContext, sieve: Sieve) -> PairFacts:
    return PairFacts(context, sieve.nle, sieve.recipient, sieve.square, sieve.distance)


def _refuse_sums(measured: Integers, recipients: Records, settings: Settings) -> None:
    """Refuse several supporters where their fits would add up past the need.

    Args:
        measured: the recipient of each pair whose fit no table gives.
        recipients: who may be supported.
        settings: the scenario's settings.

    Raises:
        InputError: each row that asks for several supporters and has such a pair.
    """
    supporters = recipients.column("supporters").or_else(1)
    several = np.unique(measured[supporters[measured] > 1])
    if settings.fit.measure not in SHARES_OF_NEED or not len(several):
        return
    what = f"under fit.measure {settings.fit.measure} the fits of several supporters would add up past the need"
    hint = (
        "set fit.measure to need-covered or weighted-expertise, give the fit of each of its pairs in the pairs table, "
        "or ask for one supporter"
    )
    rows = [(Place(recipients.source, row=int(recipients.rows[n])), str(supporters[n])) for n in several]
    raise InputError(_first([Fault(place, "supporters", what, got, hint) for place, got in sorted(rows)]))


def _first(problems: list[Fault]) -> list[Fault]:
    """As many problems as are shown, and how many more there are."""
    more = len(problems) - MOST_SHOWN
    return problems if more <= 0 else [*problems[:MOST_SHOWN], Fault(Place(), "", f"and {more} more")]


def _refuse_unknown(facts: PairFacts) -> None:
    """Refuse pairs whose fit cannot be told.

    Raises:
        InputError: each row of theirs that is not assessed in every area that counts.
    """
    needs, unknown = facts.context.needs, np.broadcast_to(facts.unknown, facts.shape)
    if not unknown.any():
        return
    weighted = np.array(needs.weights) > 0
    problems = [
        Fault(
            Place(table.source, row=int(table.rows[n])),
            f"{prefix}_*",
            f"{table.ids[n]} is not assessed in every area; fill the cells, or set fit.unknown to "
            "`exclude` or to a value",
        )
        for table, prefix, known, side in (
            (facts.context.recipients, "need", needs.need_known, facts.recipient),
            (facts.context.nles, "expertise", needs.expertise_known, facts.nle),
        )
        for n in np.unique(side[unknown])
        if not known[weighted][:, n].all()
    ]
    raise InputError(_first(problems))

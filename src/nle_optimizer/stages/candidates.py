"""The candidate pairs: who may support whom, how well, and why nobody may support the rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, Texts, blank_column
from nle_optimizer.scenario.columns import PAIRS
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stage_calls import Recall, plainly
from nle_optimizer.stages.current import GivenPairs, given_pairs, locate, stands
from nle_optimizer.stages.fit import (
    SHARES_OF_NEED,
    InterestConflicts,
    Needs,
    fit_of,
    folded,
    match,
    needs_of,
    properties_that,
    shared_codes,
)
from nle_optimizer.stages.ledger import MOST_SHOWN, Beyond, Sieve
from nle_optimizer.stages.reach import reach
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
        several: shape (recipients,): of whom several pairs may be matched: they may have several NLEs, or have them
            today and the rule keeps what stands.
        last_filter: shape (recipients,): the code of the filter that removed a recipient's last pair;
            blank where it has candidates.
        current: the rows of `data.current` between the two sides, or None.
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
    several: Flags
    last_filter: Texts
    current: GivenPairs | None = None
    exempt: Flags | None = None
    beyond: tuple[Beyond, ...] = ()

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

    def keeping_today(self) -> "Candidates":
        """The same under a rule that keeps what stands, however many NLEs a recipient has today."""
        if self.current is None:
            return self
        today = np.bincount(self.current.recipient[stands(self.current.table)], minlength=len(self.recipients))
        return replace(self, several=np.asarray(self.several | (today > 1), dtype=bool))

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
    recall: Recall = plainly,
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
        recall: calls what a fit does not touch, the fit, and within them what does not depend on who is near.

    Raises:
        InputError: a required or pinned pair that a filter removes; an unknown need under `fit.unknown: error`.
    """
    reached = recall(
        within_filters,
        recipients,
        nles,
        schools,
        pairs,
        settings,
        distance_needed=distance_needed,
        current=current,
        recall=recall,
    )
    return recall(with_fit, reached, recipients, nles, settings, recall)


def within_filters(
    recipients: Records,
    nles: Records,
    schools: Records,
    pairs: Records | None,
    settings: Settings,
    *,
    distance_needed: bool,
    current: Records | None,
    recall: Recall,
) -> Reached:
    """The pairs that pass every filter but those on fit; arguments and errors as for `find_candidates`."""
    given, standing = given_pairs(pairs, recipients, nles), given_pairs(current, recipients, nles)
    required = Required(given, standing, recipients, nles)
    sieve = reach(recipients, nles, given, required, settings, distance_needed=distance_needed)
    for code, rows in recall(side_filters, recipients, nles, schools, settings):
        sieve = sieve.drop(code, rows(sieve.nle, sieve.recipient))
    return Reached(_drop_related(sieve, given, len(recipients), settings), given, standing)


Filter = Callable[[Integers, Integers], Flags]


def side_filters(recipients: Records, nles: Records, schools: Records, settings: Settings) -> list[tuple[str, Filter]]:
    """The filters that look at the two sides alone, in order."""
    filters: list[tuple[str, Filter]] = []
    if settings.geography.within != "none":
        column = settings.geography.within
        left, right = shared_codes(folded(recipients.values(column)), folded(nles.values(column)))
        filters.append(("other-area", lambda nle, recipient: left[recipient] != right[nle]))
    if nles.given("regions").any():
        filters.append(("other-area", _outside_regions(recipients, nles)))
    musts = properties_that(settings.suitability, "must")
    filters += [(name, match(nles, recipients, name).unmet) for name in musts]
    asked = settings.conflicts
    if asked.home_school or asked.own_trust or asked.same_authority:
        conflicts = InterestConflicts(recipients, nles, schools)
        rules = (
            (asked.home_school, "home-school", conflicts.home_school),
            (asked.own_trust, "own-trust", conflicts.own_trust),
            (asked.same_authority, "same-authority", conflicts.same_authority),
        )
        filters += [(code, rule) for wanted, code, rule in rules if wanted]
    return filters


def _outside_regions(recipients: Records, nles: Records) -> Filter:
    regions = folded(recipients.values("region"))
    names = {region: n for n, region in enumerate(sorted(set(regions.tolist())))}
    code = np.array([names[region] for region in regions], dtype=np.int64)
    works = np.array(
        [
            [not chosen or region in {str(word).casefold() for word in chosen} for region in names]
            for chosen in nles.values("regions")
        ],
        dtype=bool,
    ).reshape(len(nles), len(names))
    return lambda nle, recipient: ~works[nle, code[recipient]]


def _drop_related(sieve: Sieve, given: GivenPairs | None, count: int, settings: Settings) -> Sieve:
    if given is None or "relation" not in given.table:
        return sieve
    declared = ("conflict", "objects") if settings.conflicts.declared else ()
    for code, words in (("declared", declared), ("forbidden", ("forbid",))):
        keys = given.keys[given.with_relation(*words)]
        sieve = sieve.drop(code, locate(sieve.nle * count + sieve.recipient, keys)[1])
    return sieve


def with_fit(reached: Reached, recipients: Records, nles: Records, settings: Settings, recall: Recall) -> Candidates:
    """The pairs that fit well enough, with their fit; errors as for `find_candidates`."""
    sieve, given = reached.sieve, reached.given
    needs = recall(needs_of, recipients, nles, settings)
    fit_given = _given_fit(sieve, given, len(recipients))
    sieve = _drop_unknown(sieve, needs, fit_given, settings, recipients, nles)
    fit_given = _given_fit(sieve, given, len(recipients))
    needless = ~needs.any_need()
    if needless.any():
        sieve = sieve.drop("no-need-met", needless[sieve.recipient] & ~fit_given.given)
        fit_given = _given_fit(sieve, given, len(recipients))
    _refuse_sums(sieve.recipient[~fit_given.given], recipients, settings)
    fit = fit_of(needs, settings.fit.measure, sieve.nle, sieve.recipient)
    bonus = int(settings.suitability.prefer_bonus * MILLION)
    for name in properties_that(settings.suitability, "prefer"):
        fit += bonus * recall(match, nles, recipients, name).agreed(sieve.nle, sieve.recipient)
    fit[fit_given.given] = fit_given.values[fit_given.given]
    sieve, poor = sieve.sparing("fit-below-minimum", fit < ceil(settings.fit.minimum * MILLION))
    sieve = sieve.drop("fit-below-minimum", poor)
    return Candidates(
        recipients,
        nles,
        sieve.nle,
        sieve.recipient,
        sieve.distance,
        fit[~poor] if poor.any() else fit,
        sieve.required,
        given,
        needs,
        np.asarray(recipients.column("supporters").or_else(1) > 1, dtype=bool),
        sieve.last_filter,
        reached.current,
        sieve.exempt,
        sieve.beyond,
    )


def _given_fit(sieve: Sieve, given: GivenPairs | None, count: int) -> Column:
    size = len(sieve.nle)
    if given is None:
        return Column(Kind.AMOUNT, np.zeros(size, np.int64), np.zeros(size, bool))
    return given.spread("fit", sieve.nle * count + sieve.recipient)


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


def _drop_unknown(
    sieve: Sieve, needs: Needs, fit_given: Column, settings: Settings, recipients: Records, nles: Records
) -> Sieve:
    unknown = ~needs.known(sieve.nle, sieve.recipient) & ~fit_given.given
    if not unknown.any() or settings.fit.unknown == "exclude":
        return sieve.drop("unknown-fit", unknown)
    weighted = np.array(needs.weights) > 0
    problems = [
        Fault(
            Place(table.source, row=int(table.rows[n])),
            f"{prefix}_*",
            f"{table.ids[n]} is not assessed in every area; fill the cells, or set fit.unknown to "
            "`exclude` or to a value",
        )
        for table, prefix, known, side in (
            (recipients, "need", needs.need_known, sieve.recipient),
            (nles, "expertise", needs.expertise_known, sieve.nle),
        )
        for n in np.unique(side[unknown])
        if not known[weighted][:, n].all()
    ]
    raise InputError(_first(problems))

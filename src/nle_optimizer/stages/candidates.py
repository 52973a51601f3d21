"""The candidate pairs: who may support whom, how well, and why nobody may support the rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, Texts
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.conflicts import Conflicts, folded, shared_codes
from nle_optimizer.stages.fit import Needs, fit_of, needs_of
from nle_optimizer.stages.geography import (
    NO_LIMIT,
    is_placed,
    least_square,
    metres,
    nle_limits,
    scenario_limits,
    within_reach,
)
from nle_optimizer.stages.given_pairs import GivenPairs, given_pairs, locate
from nle_optimizer.stages.suitability import match, properties_that

MOST_SHOWN = 20


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

    def __len__(self) -> int:
        return len(self.nle)

    @property
    def keys(self) -> Integers:
        """One ascending number a pair: nle * recipients + recipient."""
        return self.nle * len(self.recipients) + self.recipient

    def from_table(self, name: str) -> Column:
        """A column of the pairs table for each candidate pair; blank where no row gives it."""
        if self.given is None:
            return Column(Kind.AMOUNT, np.zeros(len(self), np.int64), np.zeros(len(self), bool))
        return self.given.spread(name, self.keys)


@dataclass(frozen=True, eq=False)
class _Sieve:
    """Pairs still in, and the filter that removed each recipient's last one."""

    nle: Integers
    recipient: Integers
    square: Integers
    distance: Integers
    required: Flags | None
    last_filter: Texts
    names: Callable[[int, int], str]

    def drop(self, code: str, rows: Flags) -> "_Sieve":
        """The pairs without those of `rows`; recipients that lose their last pair remember `code`."""
        if not rows.any():
            return self
        if self.required is not None and (self.required & rows).any():
            at = np.flatnonzero(self.required & rows)
            raise _required_removed([self.names(self.nle[n], self.recipient[n]) for n in at], code)
        keep = ~rows
        kept = np.bincount(self.recipient[keep], minlength=len(self.last_filter)) > 0
        had = np.bincount(self.recipient, minlength=len(self.last_filter)) > 0
        reasons = self.last_filter.copy()
        reasons[had & ~kept] = code
        return replace(
            self,
            nle=self.nle[keep],
            recipient=self.recipient[keep],
            square=self.square[keep],
            distance=self.distance[keep],
            required=None if self.required is None else self.required[keep],
            last_filter=reasons,
        )


def _required_removed(pairs: list[str], code: str) -> InputError:
    what = f"a required pair is ruled out ({code}); lift the limit or the requirement"
    return InputError([Problem(Place(pair), "relation", what) for pair in pairs[:MOST_SHOWN]])


def find_candidates(
    recipients: Records,
    nles: Records,
    schools: Records,
    pairs: Records | None,
    settings: Settings,
    *,
    distance_needed: bool,
) -> Candidates:
    """The candidate pairs between recipients and available NLEs.

    Args:
        recipients: who may be supported, sorted by identifier.
        nles: the available NLEs, sorted by identifier.
        schools: the whole schools table, for home schools.
        pairs: the pairs table, or None.
        settings: the scenario's settings.
        distance_needed: whether an objective uses distance, so that a pair without one is out.

    Raises:
        InputError: a required pair that a filter removes; an unknown need under `fit.unknown: error`.
    """
    given = given_pairs(pairs, recipients, nles)
    _refuse_lost_requirements(pairs, given)
    sieve = _reach(recipients, nles, given, settings, distance_needed=distance_needed)
    sieve = sieve.drop("travel-time", _too_long(sieve, given, settings))
    for code, rows in _filters(recipients, nles, schools, settings):
        sieve = sieve.drop(code, rows(sieve.nle, sieve.recipient))
    sieve = _drop_related(sieve, given, len(recipients), settings)
    return _with_fit(sieve, recipients, nles, given, settings)


def _refuse_lost_requirements(pairs: Records | None, given: GivenPairs | None) -> None:
    if pairs is None or given is None:
        return
    rows = [n for n, words in enumerate(pairs.values("relation")) if "require" in words]
    live = set(given.table.rows[given.with_relation("require")].tolist()) if rows else set()
    lost = [n for n in rows if pairs.rows[n] not in live]
    if lost:
        what = "a required pair whose school or NLE is not available; see `explain`, or drop the requirement"
        names = [f"{pairs.values('nle_id')[n]}, {pairs.values('school_id')[n]}" for n in lost]
        raise InputError(
            [
                Problem(Place(pairs.source, row=int(pairs.rows[n])), "relation", what, name)
                for n, name in zip(lost, names, strict=True)
            ][:MOST_SHOWN]
        )


def _reach(
    recipients: Records,
    nles: Records,
    given: GivenPairs | None,
    settings: Settings,
    *,
    distance_needed: bool,
) -> _Sieve:
    """Pairs left by the filters not-listed, no-place, too-far and too-near."""
    geography = settings.geography
    pairs, measured = within_reach(recipients, nles, geography, distance_needed=distance_needed)
    nle, recipient, square = pairs.nle, pairs.recipient, pairs.square
    distance = np.where(square >= 0, metres(np.maximum(square, 0), geography.detour_factor), -1)
    last = np.where(measured, "too-far", "no-place").astype(object)
    count = len(recipients)
    if given is not None:
        nle, recipient, square, distance = _with_given_distances(
            (nle, recipient, square, distance), given, settings, recipients, nles, last
        )
        if settings.data.pairs is not None and settings.data.pairs.only:
            listed = locate(nle * count + recipient, given.keys)[1]
            nle, recipient, square, distance = (
                nle[listed],
                recipient[listed],
                square[listed],
                distance[listed],
            )
            last = _last_of_listed(given, recipients, nles)
    last[np.bincount(recipient, minlength=count) > 0] = ""
    if not len(nles):
        last[:] = "no-nle"
    required = _required(given, nle * count + recipient, nles, recipients)

    def names(i: int, j: int) -> str:
        return f"pair {nles.ids[i]}, {recipients.ids[j]}"

    sieve = _Sieve(nle, recipient, square, distance, required, last, names)
    return sieve.drop("too-near", _too_near(sieve, settings))


def _last_of_listed(given: GivenPairs, recipients: Records, nles: Records) -> Texts:
    """Where only listed pairs count, the filter up to distance that would remove each recipient's last one."""
    known = given.given("distance_km") | (is_placed(recipients)[given.recipient] & is_placed(nles)[given.nle])
    listed = np.bincount(given.recipient, minlength=len(recipients)) > 0
    measured = np.bincount(given.recipient[known], minlength=len(recipients)) > 0
    return np.where(measured, "too-far", np.where(listed, "no-place", "not-listed")).astype(object)


def _too_near(sieve: _Sieve, settings: Settings) -> Flags:
    least = int(settings.geography.min_distance_km * 1000)
    if least == 0:
        return np.zeros(len(sieve.nle), bool)
    by_place = sieve.square < least_square(least, settings.geography.detour_factor)
    return np.where(sieve.square >= 0, by_place, (sieve.distance >= 0) & (sieve.distance < least))


def _too_long(sieve: _Sieve, given: GivenPairs | None, settings: Settings) -> Flags:
    """Pairs whose travel time is over the limit, or not known under one."""
    limit = settings.geography.max_travel_minutes
    if limit is None:
        return np.zeros(len(sieve.nle), bool)
    if given is None:
        return np.ones(len(sieve.nle), bool)
    minutes = given.spread("travel_minutes", sieve.nle * given.recipients + sieve.recipient)
    return ~minutes.given | (minutes.values > int(limit * MILLION))


def _with_given_distances(
    pairs: tuple[Integers, Integers, Integers, Integers],
    given: GivenPairs,
    settings: Settings,
    recipients: Records,
    nles: Records,
    last: Texts,
) -> tuple[Integers, Integers, Integers, Integers]:
    """The pairs with every distance of the pairs table in place of the computed one."""
    rows = np.flatnonzero(given.given("distance_km"))
    if not len(rows):
        return pairs
    count = len(recipients)
    nle, recipient, square, distance = pairs
    keys, told = nle * count + recipient, given.keys[rows]
    stay = ~locate(keys, told)[1]
    limit = np.minimum(
        scenario_limits(recipients, settings.geography)[given.recipient[rows]],
        nle_limits(nles, settings.geography)[given.nle[rows]],
    )
    metres_given = given.table.values("distance_km")[rows]
    near = (metres_given <= limit) | (limit == NO_LIMIT)
    last[given.recipient[rows]] = "too-far"
    nle = np.concatenate([nle[stay], given.nle[rows][near]])
    recipient = np.concatenate([recipient[stay], given.recipient[rows][near]])
    square = np.concatenate([square[stay], np.full(int(near.sum()), -1, np.int64)])
    distance = np.concatenate([distance[stay], metres_given[near]])
    order = np.argsort(nle * count + recipient, kind="stable")
    return nle[order], recipient[order], square[order], distance[order]


def _required(given: GivenPairs | None, keys: Integers, nles: Records, recipients: Records) -> Flags | None:
    if given is None:
        return None
    rows = np.flatnonzero(given.with_relation("require"))
    if not len(rows):
        return None
    at, found = locate(given.keys[rows], keys)
    if not found.all():
        lost = rows[~found]
        names = [f"pair {nles.ids[given.nle[n]]}, {recipients.ids[given.recipient[n]]}" for n in lost]
        raise _required_removed(names, "too-far or no-place")
    required = np.zeros(len(keys), bool)
    required[at] = True
    return required


Filter = Callable[[Integers, Integers], Flags]


def _filters(recipients: Records, nles: Records, schools: Records, settings: Settings) -> list[tuple[str, Filter]]:
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
        conflicts = Conflicts(recipients, nles, schools)
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


def _drop_related(sieve: _Sieve, given: GivenPairs | None, count: int, settings: Settings) -> _Sieve:
    if given is None or "relation" not in given.table:
        return sieve
    declared = ("conflict", "objects") if settings.conflicts.declared else ()
    for code, words in (("declared", declared), ("forbidden", ("forbid",))):
        keys = given.keys[given.with_relation(*words)]
        sieve = sieve.drop(code, locate(sieve.nle * count + sieve.recipient, keys)[1])
    return sieve


def _with_fit(
    sieve: _Sieve, recipients: Records, nles: Records, given: GivenPairs | None, settings: Settings
) -> Candidates:
    needs = needs_of(recipients, nles, settings)
    fit_given = _given_fit(sieve, given, len(recipients))
    sieve = _drop_unknown(sieve, needs, fit_given, settings, recipients, nles)
    fit_given = _given_fit(sieve, given, len(recipients))
    needless = ~needs.any_need()
    if needless.any():
        sieve = sieve.drop("no-need-met", needless[sieve.recipient] & ~fit_given.given)
        fit_given = _given_fit(sieve, given, len(recipients))
    fit = fit_of(needs, settings.fit.measure, sieve.nle, sieve.recipient)
    bonus = int(settings.suitability.prefer_bonus * MILLION)
    for name in properties_that(settings.suitability, "prefer"):
        fit += bonus * match(nles, recipients, name).agreed(sieve.nle, sieve.recipient)
    fit[fit_given.given] = fit_given.values[fit_given.given]
    poor = fit < int(settings.fit.minimum * MILLION)
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
        sieve.last_filter,
    )


def _given_fit(sieve: _Sieve, given: GivenPairs | None, count: int) -> Column:
    size = len(sieve.nle)
    if given is None:
        return Column(Kind.AMOUNT, np.zeros(size, np.int64), np.zeros(size, bool))
    return given.spread("fit", sieve.nle * count + sieve.recipient)


def _drop_unknown(
    sieve: _Sieve, needs: Needs, fit_given: Column, settings: Settings, recipients: Records, nles: Records
) -> _Sieve:
    unknown = ~needs.known(sieve.nle, sieve.recipient) & ~fit_given.given
    if not unknown.any() or settings.fit.unknown == "exclude":
        return sieve.drop("unknown-fit", unknown)
    weighted = np.array(needs.weights) > 0
    problems = [
        Problem(
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
    more = [] if len(problems) <= MOST_SHOWN else [Problem(Place(), "", f"and {len(problems) - MOST_SHOWN} more")]
    raise InputError(problems[:MOST_SHOWN] + more)

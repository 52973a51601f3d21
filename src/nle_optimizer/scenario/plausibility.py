"""What settings contradict and what tables say that is hardly meant.

What tables say that is hardly meant: each is used as it stands, and told as a finding. What constraints and
objectives contradict in themselves, told before any table is looked at.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from nle_optimizer.errors import Fault, Finding, Place, did_you_mean
from nle_optimizer.records import Flags, Records
from nle_optimizer.scenario.columns import ALL_THROUGH
from nle_optimizer.scenario.condition_checks import Tables, asked_columns
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.own_code import is_own
from nle_optimizer.scenario.setting_sections import (
    BLEND_PARTS,
    NO_SUMS,
    OBJECTIVE_NAMES,
    Objective,
    faults_of,
    named_twice,
)
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import Reading

PRIORITY_RULES = frozenset(
    {"by-priority", "nearest", "deferred-acceptance", "deferred-acceptance-nles", "top-trading-cycles"}
)
"""Rules in which a school of a higher priority comes first, whatever the settings."""
PREFERENCE_RULES = frozenset({"immediate-acceptance"})
"""Rules that use priorities where NLEs prefer by them."""
MOST_NAMED = 3
"""Rows that are named; the rest are counted."""
COVERS = {"regions": "region", "phases": "phase", "faiths": "faith"}
"""Columns in which an NLE lists where it works, and the column of the schools table that has to have it."""


def check_plausible(document: Document, settings: Settings, tables: Tables, reading: Reading) -> None:
    """Add to `reading` what tables say that is hardly meant."""
    schools, nles = tables["schools"], tables["nles"]
    if schools is None or nles is None:
        return
    reading.findings += _inspections(schools)
    reading.findings += _places(settings, schools, nles, tables["pairs"])
    reading.findings += _coverage(schools, nles)
    reading.findings += _priority(settings, schools, tables["pairs"])
    reading.findings += _blanks(document, settings, schools, nles)


def rows_named(table: Records, chosen: Flags) -> str:
    """The rows of some records in words: `row 3`, `rows 3, 4, 5 and 2 more`."""
    rows = sorted(table.rows[chosen].tolist())
    more = f" and {len(rows) - MOST_NAMED:,} more" if len(rows) > MOST_NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows[:MOST_NAMED]))}{more}"


def _inspections(schools: Records) -> Iterator[Finding]:
    latest, previous = schools.column("latest_inspected"), schools.column("previous_inspected")
    wrong = latest.given & previous.given & (previous.values > latest.values)
    if wrong.any():
        count = "1 school was" if wrong.sum() == 1 else f"{wrong.sum():,} schools were"
        what = (
            f"{count} inspected before this inspection and after it: its previous inspection is later than the latest"
        )
        hint = "swap the two, with their grades, or correct the day"
        place = Place(schools.source)
        yield Finding(place, "previous_inspected", what, rows_named(schools, wrong), hint, code="inspections-swapped")


def _places(settings: Settings, schools: Records, nles: Records, pairs: Records | None) -> Iterator[Finding]:
    """A table in which nobody has a place, where a distance is asked for and no pair gives one."""
    asks = bool(settings.geography.max_distance_km) or settings.geography.min_distance_km > 0
    asks |= any("distance" in name for goal in settings.objectives or () for name in (goal.name, *goal.parts))
    asks |= bool(nles.given("max_distance_km").any())
    if not asks or (pairs is not None and pairs.given("distance_km").any()):
        return
    for table, who in ((schools, "school"), (nles, "NLE")):
        if not (table.given("easting") & table.given("northing")).any():
            postcode = "; a postcode is not read" if "postcode" in table else ""
            what = f"no {who} has a place, so no distance is known and nobody can be matched by it{postcode}"
            hint = "fill easting and northing, or latitude and longitude; `import england` fills them by URN from GIAS"
            yield Finding(Place(table.source), "easting", what, hint=hint, code="nobody-has-a-place")


def _coverage(schools: Records, nles: Records) -> Iterator[Finding]:
    """Regions, phases and faiths in which an NLE says that it works, and that no school has."""
    for column, ours in COVERS.items():
        standing = {str(word) for word in schools.values(ours)[schools.given(ours)]}
        if not standing:
            continue
        known = {word.casefold() for word in standing}
        if column == "phases":
            known |= ALL_THROUGH if "all-through" in known else {"all-through"} if known & ALL_THROUGH else set()
        named = Counter(word for words in nles.values(column).tolist() for word in words)
        for word, count in sorted(named.items()):
            if word.casefold() not in known:
                who = "1 NLE names" if count == 1 else f"{count:,} NLEs name"
                what = f"{who} this {ours}, which no school has"
                hint = did_you_mean(word, sorted(standing)) or _initials(word, standing)
                yield Finding(Place(nles.source), column, what, word, hint, code="coverage-of-nobody")


def _initials(word: str, standing: Iterable[str]) -> str | None:
    """The name that a word abbreviates by the first letters of its words, where there is one."""
    meant = [
        name for name in sorted(standing) if "".join(part[0] for part in name.split()).casefold() == word.casefold()
    ]
    return f"did you mean {meant[0]}?" if len(meant) == 1 else None


def _priority(settings: Settings, schools: Records, pairs: Records | None) -> Iterator[Finding]:
    used = settings.objectives is None or settings.rule in PRIORITY_RULES or is_own(settings.rule)
    used |= settings.rule in PREFERENCE_RULES and not {"priority", "-priority"}.isdisjoint(settings.preferences.nles)
    used |= any(asked.column == "priority" for asked in asked_columns(settings, pairs))
    if not used and schools.given("priority").any():
        what = "priorities are given, and no objective, limit or rule uses them"
        hint = "put {schools_supported: {by: priority}} before the other objectives, or leave the column out"
        yield Finding(Place(schools.source, 1), "priority", what, hint=hint, code="priority-without-effect")


def _blanks(document: Document, settings: Settings, schools: Records, nles: Records) -> Iterator[Finding]:
    """Limits by a column that some rows leave blank: these rows are under no such limit."""
    for n, constraint in enumerate(settings.constraints):
        by = constraint.by
        table = nles if constraint.side == "nles" or (by not in schools and by in nles) else schools
        if by is None or by not in table:
            continue
        blank = ~table.given(by)
        if blank.any() and not blank.all():
            who = "row leaves" if blank.sum() == 1 else "rows leave"
            what = f"{blank.sum():,} {who} {by} blank in {table.source}, and this limit does not count them"
            steps = ("constraints", n, "by")
            path, got = f"constraints.{constraint.name}.by", rows_named(table, blank)
            yield Finding(document.place(steps), path, what, got, code="limit-without-blanks")


def contradictions(document: Document, settings: Settings) -> list[Fault]:
    """Every constraint and objective that cannot mean anything, each in its place and with a remedy."""
    return [*_objectives(document, settings), *_constraints(document, settings)]


def _constraints(document: Document, settings: Settings) -> Iterator[Fault]:
    for n, constraint in enumerate(settings.constraints):
        for key, what, got, hint in faults_of(constraint):
            steps = ("constraints", n, key) if key else ("constraints", n)
            path = f"constraints.{constraint.name}" + (f".{key}" if key else "")
            yield Fault(document.place(steps), path, what, got, hint)
    for n, first in named_twice(settings.constraints):
        what = f"another constraint has this name ({_where(document.place(('constraints', first)))})"
        name = settings.constraints[n].name
        yield Fault(document.place(("constraints", n, "name")), f"constraints.{n}.name", what, name, "rename one")


def _where(place: Place) -> str:
    return f"line {place.line}" if place.line else str(place)


def _objectives(document: Document, settings: Settings) -> Iterator[Fault]:
    objectives = settings.objectives or []
    for n, objective in enumerate(objectives):
        place, path = document.place(("objectives", n)), f"objectives.{n}"
        if objective.name not in OBJECTIVE_NAMES:
            hint = did_you_mean(objective.name, OBJECTIVE_NAMES) or f"one of {', '.join(OBJECTIVE_NAMES)}"
            yield Fault(place, path, "unknown objective", objective.name, hint)
        if objective in objectives[:n]:
            first = _where(document.place(("objectives", objectives.index(objective))))
            yield Fault(place, path, f"{objective.name} stands twice ({first})", hint="take one of them out")
        for key, problem in (*_parts(objective), *_options(objective)):
            here = document.place(("objectives", n, objective.name, key))
            yield Fault(here, f"{path}.{objective.name}", *problem)


def _parts(objective: Objective) -> Iterator[tuple[str, tuple[str, str, str | None]]]:
    for part in objective.parts:
        if part in NO_SUMS:
            what = "no sum over pairs, so no blend can weigh it"
            yield part, (what, part, "give it a level of its own")
        elif part not in BLEND_PARTS:
            hint = did_you_mean(part, BLEND_PARTS) or f"one of {', '.join(BLEND_PARTS)}"
            yield part, ("unknown part of a blend", part, hint)


def _options(objective: Objective) -> Iterator[tuple[str, tuple[str, str, str | None]]]:
    known = NO_SUMS.get(objective.name)
    for key in ("where", "by", "weight", "step", "within"):
        if known is not None and key not in known and getattr(objective, key) not in (None, {}):
            takes = f"it takes {' and '.join(known)}" if known else "it takes none"
            yield key, (f"{objective.name} is no sum over pairs and has no such option", key, takes)

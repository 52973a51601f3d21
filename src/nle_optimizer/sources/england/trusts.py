"""Trusts and their schools.

The trusts table: one row for each multi-academy trust that runs a school in England. Which school belongs to which
academy trust.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

from nle_optimizer.scenario.columns import PHASES
from nle_optimizer.scenario.extracts import Extract, Notes, read_extract
from nle_optimizer.scenario.gias import Establishment, TrustMembership, memberships_by_gias
from nle_optimizer.scenario.official_cells import day, parsed, phase_of, phases_run, six_decimals
from nle_optimizer.sources.england.inspections import NONE, Inspection

NAMES = {
    "urn": ("URN",),
    "uid": ("Group UID",),
    "name": ("Group Name",),
    "kind": ("Group Type",),
    "status": ("Group Status",),
    "joined": ("Joined date",),
}
REQUIRED = ("uid", "name", "kind", "status", "joined")
MULTI = "multi-academy trust"
SINGLE = "single-academy trust"


@dataclass(frozen=True)
class TrustLinks:
    """What the links file says: the membership of each school, and whether each open trust is a multi one."""

    members: Mapping[str, TrustMembership]
    multi: Mapping[str, bool]
    closed: frozenset[str]


NO_LINKS = TrustLinks({}, {}, frozenset())


def read_trust_links(path: Path, notes: Notes) -> tuple[Extract, TrustLinks]:
    """Read GIAS's group links; of several open trusts of a school the one joined last counts.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    best: dict[str, tuple[date, str]] = {}
    members: dict[str, TrustMembership] = {}
    multi: dict[str, bool] = {}
    closed: set[str] = set()
    joined = parsed(extract, "joined", day, notes)
    uids = extract.identifiers("uid", notes)
    columns = (extract.cells(name) for name in ("urn", "name", "kind", "status"))
    for uid, urn, name, kind, status, since in zip(uids, *columns, joined, strict=True):
        if kind.casefold() not in (MULTI, SINGLE):
            notes.unexpected[path.name, extract.heading("kind"), kind] += 1
        elif status.casefold() != "open":
            closed.add(uid)
        else:
            multi[uid] = kind.casefold() == MULTI
            if urn not in best or (since or date.min, uid) > best[urn]:
                best[urn] = since or date.min, uid
                members[urn] = TrustMembership(uid, name, multi[uid], since)
    return extract, TrustLinks(members, multi, frozenset(closed) - set(multi))


def memberships(establishments: Mapping[str, Establishment], links: TrustLinks) -> dict[str, TrustMembership]:
    """The membership of every school of GIAS that has one.

    An open link decides. Without one GIAS's own trust code counts, unless the links call that trust closed; it is a
    multi-academy trust if the links say so, or, where they do not tell, GIAS.
    """
    own = memberships_by_gias(establishments)
    found: dict[str, TrustMembership] = {}
    for urn in establishments:
        if urn in links.members:
            found[urn] = links.members[urn]
        elif urn in own and own[urn].trust_id not in links.closed:
            found[urn] = replace(own[urn], multi=links.multi.get(own[urn].trust_id, own[urn].multi))
    return found


def disagreeing(establishments: Mapping[str, Establishment], found: Mapping[str, TrustMembership]) -> Iterable[str]:
    """Schools for which GIAS's own trust code is another than their open link's."""
    return [
        urn
        for urn, school in establishments.items()
        if school.trust_code and urn in found and found[urn].trust_id != school.trust_code
    ]


GOOD = 2
MIN_INSPECTED = 5
MIN_SHARE_GOOD = Fraction("0.8")
COLUMNS = (
    "trust_id", "name", "easting", "northing", "region", "phases", "faiths", "inspected", "share_good",
    "high_quality", "capacity", "schools", "inspected_ever", "share_good_ever", "regions_spanned",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A school of a multi-academy trust."""

    school: Establishment
    membership: TrustMembership
    inspection: Inspection

    @property
    def is_judged(self) -> bool:
        """Whether it has an overall grade."""
        return self.inspection.latest_grade is not None

    @property
    def counts(self) -> bool | None:
        """Whether its grade counts for the trust: inspected on or after it joined; None: cannot be told."""
        joined, inspected = self.membership.joined, self.inspection.latest_inspected
        if not self.is_judged or joined is None or inspected is None:
            return None
        return inspected >= joined


def members_by_trust(
    establishments: Mapping[str, Establishment],
    found: Mapping[str, TrustMembership],
    inspections: Mapping[str, Inspection],
    as_of: date | None,
) -> dict[str, list[Member]]:
    """The schools in England of every multi-academy trust, closed schools left aside.

    Schools that joined after `as_of`, and inspections after it, do not count; None: all count.
    """
    trusts: dict[str, list[Member]] = defaultdict(list)
    for urn, membership in found.items():
        school = establishments[urn]
        joined_later = as_of is not None and membership.joined is not None and membership.joined > as_of
        if not membership.multi or joined_later or not school.is_english:
            continue
        if school.is_open or school.is_proposed:
            inspection = inspections.get(urn, NONE).as_it_stood(as_of)
            trusts[membership.trust_id].append(Member(school, membership, inspection))
    return trusts


def trust_row(trust_id: str, members: Sequence[Member]) -> dict[str, str]:
    """A trust as a row of the trusts table.

    Its place is the mean of its open schools, in metres. `share_good` is the share Good or better of the
    schools inspected on or after the day they joined; `share_good_ever` of all its inspected schools.
    Both are declared proxies: no official score of trust quality exists. `high_quality` and `capacity` are
    left for people to fill.
    """
    open_schools = [member.school for member in members if member.school.is_open]
    placed = [cells for cells in (school.cells for school in open_schools) if cells["easting"] and cells["northing"]]
    regions = Counter(school.cells["region"] for school in open_schools or [m.school for m in members])
    since = [member for member in members if member.counts]
    ever = [member for member in members if member.is_judged]
    dated = any(member.membership.joined is not None for member in members)
    return {
        "trust_id": trust_id,
        "name": members[0].membership.name,
        "easting": _mean([int(cells["easting"]) for cells in placed]),
        "northing": _mean([int(cells["northing"]) for cells in placed]),
        "region": min(regions, key=lambda region: (-regions[region], region)),
        "phases": "|".join(_phases(open_schools)),
        "faiths": "|".join(sorted({school.cells["faith"] for school in open_schools} - {""})),
        "inspected": str(len(since)) if dated else "",
        "share_good": _share_good(since),
        "high_quality": "",
        "capacity": "",
        "schools": str(len(open_schools)),
        "inspected_ever": str(len(ever)),
        "share_good_ever": _share_good(ever),
        "regions_spanned": str(len({member.school.cells["region"] for member in members})),
    }


def _mean(values: Sequence[int]) -> str:
    return str(round(Fraction(sum(values), len(values)))) if values else ""


def _share_good(members: Sequence[Member]) -> str:
    if not members:
        return ""
    good = sum((member.inspection.latest_grade or 0) <= GOOD for member in members)
    return six_decimals(Fraction(good, len(members)))


def _phases(schools: Iterable[Establishment]) -> list[str]:
    found = {phase_of(school.phase, school.cells["establishment_type"], school.cells["name"])[0] for school in schools}
    served = phases_run(found - {""})
    return [phase for phase in PHASES if phase in served]


def is_high_quality(row: Mapping[str, str]) -> bool:
    """Whether a row of the trusts table meets the proxy that the written scenario declares."""
    enough = int(row["inspected"] or 0) >= MIN_INSPECTED
    return enough and Fraction(row["share_good"]) >= MIN_SHARE_GOOD

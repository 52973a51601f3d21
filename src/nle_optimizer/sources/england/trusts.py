"""The trusts table: one row for each multi-academy trust that runs a school in England."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from nle_optimizer.scenario.columns import PHASES
from nle_optimizer.sources.england.amounts import six_decimals
from nle_optimizer.sources.england.gias import Establishment
from nle_optimizer.sources.england.inspections import NONE, Inspection
from nle_optimizer.sources.england.memberships import Membership
from nle_optimizer.sources.england.phases import phase_of, phases_run

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
    membership: Membership
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
    found: Mapping[str, Membership],
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

"""The scenario file of an import: settings that run, each with a word on what it means.

The part of England that an import is cut to: regions, local authorities, or both.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from unicodedata import normalize

from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.scenario.columns import REGIONS
from nle_optimizer.scenario.extracts import fold


@dataclass(frozen=True)
class Area:
    """Regions and authorities asked for, as GIAS spells them; empty means all.

    Where both are named, a school must lie in one of the regions and in one of the authorities.
    """

    regions: Sequence[str] = ()
    authorities: Sequence[str] = ()

    def __contains__(self, cells: object) -> bool:
        assert isinstance(cells, Mapping)
        in_region = not self.regions or cells["region"] in self.regions
        return in_region and (not self.authorities or cells["local_authority"] in self.authorities)

    @property
    def label(self) -> str:
        """The area in words."""
        return ", ".join([*self.authorities, *self.regions]) or "England"


def area_of(regions: Iterable[str], authorities: Iterable[str], known_authorities: Iterable[str]) -> Area:
    """The area of names that people typed, compared without case and punctuation.

    Raises:
        InputError: a name that is no region, or no authority of the GIAS file.
    """
    problems: list[Fault] = []
    area = Area(
        _matched("--region", "region of England", regions, REGIONS, problems),
        _matched("--local-authority", "local authority of the GIAS file", authorities, known_authorities, problems),
    )
    if problems:
        raise InputError(problems)
    return area


def _matched(
    option: str, what: str, names: Iterable[str], known: Iterable[str], problems: list[Fault]
) -> tuple[str, ...]:
    spelt = {fold(name): name for name in sorted(known) if name}
    found: list[str] = []
    for name in names:
        if fold(name) in spelt:
            found.append(spelt[fold(name)])
        else:
            problems.append(Fault(Place(option), "", f"there is no such {what}", name, _hint(name, spelt)))
    return tuple(dict.fromkeys(found))


def _hint(name: str, spelt: Mapping[str, str]) -> str | None:
    """The nearest name: one that begins so, one that looks alike, or one with a word that does."""
    begins = [full for folded, full in spelt.items() if fold(name) and folded.startswith(fold(name))]
    if begins:
        return f"did you mean {begins[0]}?"
    words = {word.casefold(): full for full in spelt.values() for word in full.split()}
    near = get_close_matches(name.casefold(), words, n=1, cutoff=0.8)
    return did_you_mean(name, spelt.values()) or (f"did you mean {words[near[0]]}?" if near else None)


MOST_NAMES = 2
NLE_COLUMNS = (
    "nle_id",
    "home_school_id (or easting and northing)",
    "expertise_leadership",
    "expertise_governance",
    "expertise_finance",
)
NLE_OPTIONAL = ("placements (how many schools at once)", "max_distance_km", "status", "governors_agreed")

NLE_HINT = (
    "  # Put your NLE list beside this file. Columns it needs:",
    *(f"  #   {name}" for name in NLE_COLUMNS),
    f"  # Useful too: {', '.join(NLE_OPTIONAL)}.",
)

TWICE_BELOW_GOOD = """\
# Who may be supported: `nle-optimizer policies` lists the years. Two grades below Good in a row is the
# policy that these extracts can answer: it asks for two grades and no recent date.
eligibility:
  policy: two-below-good-2022
"""

CASES = """\
# Who may be supported: the schools of your list of cases, all of them. To ask for a year's rules as well,
# name its policy (`nle-optimizer policies` lists them), for example two-below-good-2022.
eligibility:
  policy: all
"""

TRUST_FIRST = """\
# Schools twice below Good that are in no trust are matched with a strong trust first. No official score of
# trust quality exists: `high_quality` is a proxy, declared as one. It counts schools inspected since they
# joined (columns inspected and share_good); a yes or no in the column high_quality of trusts.csv beats it.
trust_first:
  mode: optimise
  qualifies: {when: {latest_grade: [3, 4], previous_grade: [3, 4]}}
  high_quality: {min_inspected: 5, min_share_good: 0.8}
  already_in_trust: skip
  max_distance_km: 30          # from the school to the mean place of the trust's schools
  capacity_default: 1          # schools a trust can take where trusts.csv does not say
"""

NO_TRUSTS = """\
# No trust table was imported, so no school is matched with a trust first.
trust_first:
  mode: "off"
"""

MATCHING = """\
# How far an NLE may be sent, in a straight line. Lines cross estuaries: give travel times in a pairs table.
geography:
  max_distance_km: 80

suitability:
  phase: must                  # an NLE supports the phases of its column `phases` only; blank means any
  faith: prefer                # the same faith is preferred, not required

# Fit is the share of a school's need that the NLE's expertise covers. Needs that nobody assessed are proxies
# from grades and balances (column need_source). What is not known is not 0: `exclude` leaves it out, and
# the results say so; `error` stops instead.
fit:
  measure: need-met
  unknown: exclude
"""

CAPACITY = """\
# What limits an NLE: columns of the NLE list. By default those of placements and days that the list fills;
# one placement each where it fills neither.
"""

DAYS = """\
offer:
  days: 10                     # what a school gets, where schools.csv does not say
"""

OBJECTIVES = """\
# What is best: total fit, less 0.002 for every kilometre. So 50 km cost as much as a tenth of a full fit,
# and an NLE 10 km farther away is worth it where it covers 2 per cent more of the need.
objectives:
  - {blend: {fit: 1, distance_km: -0.002}}
"""


def slug(area: Area) -> str:
    """A scenario name for an area: `england`, `north-east`, `st-helens`; several names: `england-part`."""
    names = [*area.authorities, *area.regions]
    if not names:
        return "england"
    plain = normalize("NFKD", "-".join(names)).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") if len(names) <= MOST_NAMES else "england-part"


def scenario_text(
    area: Area,
    as_of: date | None,
    as_of_source: str,
    resources: Sequence[str],
    *,
    cases: bool,
    trusts: bool,
    nles: bool,
) -> str:
    """The text of `scenario.yaml`.

    Args:
        area: the part of England.
        as_of: the day up to which facts count; None where no file has a date.
        as_of_source: where that day comes from, in words.
        resources: columns of the NLE table that limit an NLE.
        cases: whether a list of cases was given, all of whom then are eligible.
        trusts: whether there is a trusts table.
        nles: whether there is an NLE table.
    """
    parts = [
        _head(area, as_of, as_of_source, trusts=trusts, nles=nles),
        CASES if cases else TWICE_BELOW_GOOD,
        TRUST_FIRST if trusts else NO_TRUSTS,
        MATCHING,
        _capacity(resources),
        OBJECTIVES,
    ]
    return "\n".join(parts)


def _head(area: Area, as_of: date | None, as_of_source: str, *, trusts: bool, nles: bool) -> str:
    lines = [
        "# Written by `nle-optimizer import england`; yours to edit. What every column means, and the",
        "# formula of every proxy, stands in docs/reference/import-england.md.",
        "schema: 1",
        f"name: {slug(area)}",
        f"title: {_title(area, as_of)}",
        "# Policies count inspections, joins and waiting up to this day.",
        f"as_of: {as_of}            # {as_of_source}" if as_of else "# as_of: 2022-09-01      # no file has a date",
        "",
        "data:",
        "  schools: schools.csv",
        *([] if nles else NLE_HINT),
        "  nles: nles.csv",
        *(["  trusts: trusts.csv"] if trusts else []),
        "",
    ]
    return "\n".join(lines)


def _title(area: Area, as_of: date | None) -> str:
    title = f"{area.label}: schools from official extracts" + (f", {as_of}" if as_of else "")
    return json.dumps(title, ensure_ascii=False)


def _capacity(resources: Sequence[str]) -> str:
    if not resources:
        return CAPACITY + "# capacity:\n#   resources: [placements]\n"
    lines = f"capacity:\n  resources: [{', '.join(resources)}]\n"
    return CAPACITY + lines + (DAYS if "days" in resources else "")

"""Synthetic tables written as a scenario.

The tables of a synthetic England as columns of text, in the order they are written. A synthetic England as a folder:
a scenario file and its tables, complete or not at all. The scenario file of a synthetic England, commented for
planners. `generate`: the one door to all that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.delimited import write_columns
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.columns import AREAS, KNOWN_RESOURCES, PHASES, REGIONS, TABLES
from nle_optimizer.sources.synthetic.figures import FAITHS, SOURCE
from nle_optimizer.sources.synthetic.generator import AS_OF, NLE_STATUSES, Request, SyntheticEngland, draw_england
from nle_optimizer.sources.synthetic.kinds import STATUSES
from nle_optimizer.sources.synthetic.schools import school_names
from nle_optimizer.tables import Answer, ResultTable, typed, types_in

Columns = dict[str, Sequence[str]]


def school_columns(england: SyntheticEngland) -> Columns:
    """The schools table: one entry for each school kept."""
    schools, rows = england.schools, england.kept
    seen, needs = schools.inspections, schools.needs
    return {
        "school_id": _school_ids(england, rows),
        "name": school_names(rows + 1, schools.kinds.phase[rows]),
        "kind": [""] * len(rows),
        "easting": _numbers(schools.places.easting[rows]),
        "northing": _numbers(schools.places.northing[rows]),
        "region": _words(REGIONS, schools.region[rows]),
        "local_authority": _words(schools.figures.authorities, schools.places.authority[rows]),
        "phase": _words(PHASES, schools.kinds.phase[rows]),
        "faith": _words(FAITHS, schools.kinds.faith[rows]),
        "trust_id": _trust_ids(england, schools.membership.trust[rows]),
        "trust_joined": _days(schools.membership.joined[rows]),
        "establishment_type": schools.kinds.establishment_type[rows].tolist(),
        "establishment_status": STATUSES[schools.kinds.status[rows]].tolist(),
        "pupils": _few(schools.kinds.pupils[rows]),
        "latest_grade": _or_blank(seen.latest_grade[rows]),
        "latest_inspected": _days(seen.latest_day[rows]),
        "previous_grade": _or_blank(seen.previous_grade[rows]),
        "previous_inspected": _days(seen.previous_day[rows]),
        "inspections": _few(seen.count[rows]),
        "best_grade_since_2005": _or_blank(seen.best_grade[rows]),
        "leadership_grade": _or_blank(seen.leadership_grade[rows]),
        "education_grade": _or_blank(seen.education_grade[rows]),
        "arrived": _days(needs.arrived[rows]),
        **{f"need_{area}": _shares(needs.shares[rows, n]) for n, area in enumerate(AREAS)},
        "need_source": ["assessed"] * len(rows),
        "days": _few(needs.days[rows]),
    }


def leader_columns(england: SyntheticEngland) -> Columns:
    """The NLEs table; every name says that the NLE is synthetic."""
    schools, drawn = england.schools, england.leaders
    home, numbers = drawn.home, range(1, len(drawn) + 1)
    width = max(4, len(str(len(drawn))))
    return {
        "nle_id": [f"N{n:0{width}d}" for n in numbers],
        "name": [f"Synthetic NLE {n:0{width}d}" for n in numbers],
        "kind": ["NLE"] * len(drawn),
        "status": NLE_STATUSES[drawn.status].tolist(),
        "home_school_id": _school_ids(england, home),
        "home_grade": _few(schools.inspections.latest_grade[home]),
        "easting": _numbers(schools.places.easting[home]),
        "northing": _numbers(schools.places.northing[home]),
        "region": _words(REGIONS, schools.region[home]),
        "local_authority": _words(schools.figures.authorities, schools.places.authority[home]),
        "trust_id": _trust_ids(england, schools.membership.trust[home]),
        "phases": drawn.phases.tolist(),
        "faiths": _words(FAITHS, drawn.faith),
        **{f"expertise_{area}": _shares(drawn.expertise[:, n]) for n, area in enumerate(AREAS)},
        "placements": _few(drawn.placements),
        "days": _few(drawn.days),
        "max_distance_km": _or_blank(drawn.limit),
        "governors_agreed": _words(("no", "yes"), drawn.governors_agreed),
    }


def trust_columns(england: SyntheticEngland) -> Columns:
    """The trusts table: every trust, its record counted over every school drawn."""
    trusts = england.trusts
    numbers = np.arange(1, len(trusts) + 1)
    return {
        "trust_id": _trust_ids(england, numbers),
        "name": [f"Synthetic Trust {n}" for n in numbers.tolist()],
        "easting": _numbers(trusts.easting),
        "northing": _numbers(trusts.northing),
        "region": _words(REGIONS, trusts.region),
        "phases": _joined(PHASES, trusts.phases),
        "faiths": _joined(FAITHS[1:], trusts.faiths[:, 1:]),
        "inspected": _few(trusts.inspected),
        "share_good": _ratios(trusts.good, trusts.inspected),
        "high_quality": _words(("", "yes", "no"), trusts.judged),
        "capacity": _few(trusts.capacity),
    }


def _school_ids(england: SyntheticEngland, rows: Integers) -> list[str]:
    width = max(6, len(str(len(england.schools))))
    return [f"S{n:0{width}d}" for n in (rows + 1).tolist()]


def _trust_ids(england: SyntheticEngland, numbers: Integers) -> list[str]:
    """Blank for number 0; the same text object for the same trust."""
    width = max(4, len(str(len(england.trusts))))
    return _words(["", *(f"T{n:0{width}d}" for n in range(1, len(england.trusts) + 1))], numbers)


def _words(words: Sequence[str], codes: Integers) -> list[str]:
    texts: list[str] = np.array(words, dtype=object)[codes].tolist()
    return texts


def _numbers(values: Integers) -> list[str]:
    return [str(value) for value in values.tolist()]


def _few(values: Integers, text: Callable[[int], str] = str) -> list[str]:
    """Text of numbers that repeat: each distinct one is written once and shared."""
    distinct, codes = np.unique(values, return_inverse=True)
    return _words([text(value) for value in distinct.tolist()], codes)


def _or_blank(values: Integers) -> list[str]:
    return _few(values, lambda value: str(value) if value else "")


def _days(ordinals: Integers) -> list[str]:
    return _few(ordinals, lambda day: date.fromordinal(day).isoformat() if day else "")


def _shares(hundredths: Integers) -> list[str]:
    return _few(hundredths, lambda value: f"{value // 100}.{value % 100:02d}")


def _ratios(parts: Integers, wholes: Integers) -> list[str]:
    """Parts over wholes to four decimals, rounded half up; blank over nothing."""
    scaled = np.where(wholes > 0, (20_000 * parts + wholes) // (2 * np.maximum(wholes, 1)), -1)
    return _few(scaled, lambda value: f"{value // 10_000}.{value % 10_000:04d}" if value >= 0 else "")


def _joined(words: Sequence[str], present: Flags) -> list[str]:
    """The words present in each row, joined by a vertical bar."""
    codes = (present.astype(np.int64) << np.arange(present.shape[1])).sum(axis=1)
    return _few(codes, lambda code: "|".join(word for n, word in enumerate(words) if code >> n & 1))


_TEXT = """\
# {title}.
# Every school, trust and NLE in this folder is synthetic: drawn at random, none is real.
# Places, phases, faiths, grades and trusts follow figures per authority measured from public extracts.
# {source}.
# Made by: {command}
{departures}schema: 1
name: {name}
title: {title}
as_of: {as_of}                    # inspections, joins and waiting count up to this day
{sample}
data:
  schools: schools.csv
  nles: nles.csv
  trusts: trusts.csv

eligibility:
  policy: two-below-good-2022         # the latest and the previous grade are both 3 or 4

trust_first:                          # before NLEs: a place in a high-quality trust
  mode: optimise
  high_quality: {{min_inspected: 5, min_share_good: 0.8}}   # a proxy; a given yes or no beats it
  already_in_trust: skip              # a school in a trust goes on to the NLEs
  max_distance_km: 30

geography:
  max_distance_km: 80                 # straight line from the NLE's home school
  nle_limit: respect                  # each NLE's own max_distance_km counts too

suitability:
  phase: must                         # an NLE without the school's phase is no candidate
  faith: prefer                       # the school's faith is worth a little, not required

fit:
  measure: need-met                   # share of the school's need that the NLE's expertise covers

capacity:
  resources: [placements]             # the tables hold days as well: [placements, days] counts both

objectives:
  # Fit runs from 0 to 1 for each school supported. A kilometre costs 0.002 of it, so that an NLE 50 km
  # farther away must meet a tenth more of the need. Raise it to keep travel short; 0 ignores distance.
  - {{blend: {{fit: 1, distance_km: -0.002}}}}

seed: {seed}                               # of the lottery that settles ties
"""

_SAMPLE = """\
sample:                               # some schools that are not below Good twice were left out
  policies: [two-below-good-2022, rise-2025]   # under these, nobody who is eligible is missing
  kept: {kept!r}
"""


def scenario_text(england: SyntheticEngland, name: str) -> str:
    """The text of `scenario.yaml` for a scenario of that name."""
    request = england.request
    return _TEXT.format(
        title=_title(england),
        source=SOURCE,
        command=command(request),
        departures="".join(f"# {line}.\n" for line in _departures(request)),
        name=_plain(name),
        as_of=request.as_of.isoformat(),
        sample="" if request.keep_others == 1 else _SAMPLE.format(kept=request.keep_others),
        seed=request.seed,
    )


def command(request: Request) -> str:
    """What to type to get the same tables again, without the folder."""
    parts = [f"nle-optimizer generate --schools {request.schools} --nles {request.nles} --seed {request.seed}"]
    parts += [f'--region "{region}"' for region in request.regions]
    parts += [f"--as-of {request.as_of.isoformat()}"]
    if request.twice_below_good is not None:
        parts += [f"--twice-below-good {request.twice_below_good!r}"]
    if request.keep_others != 1:
        parts += [f"--keep-others {request.keep_others!r}"]
    return " ".join(parts)


def _departures(request: Request) -> list[str]:
    """In what this England was asked to differ from the measured one."""
    lines = []
    if request.twice_below_good is not None:
        share = f"{100 * request.twice_below_good:g} %"
        lines.append(f"Not as measured: {share} of the schools drawn are below Good twice (England: 4 %)")
    if request.keep_others != 1:
        share = f"{100 * request.keep_others:g} %"
        lines.append(f"Of the schools drawn that are neither below Good twice nor an NLE's home, {share} are kept")
    return lines


def _title(england: SyntheticEngland) -> str:
    place = " and ".join(england.request.regions) or "England"
    counts = england.counts
    return f"Synthetic {place}, {counts['schools']} schools and {counts['nles']} NLEs"


def _plain(name: str) -> str:
    """A name that YAML reads as text whatever the folder is called."""
    words = "".join(
        letter if (letter.isascii() and letter.isalnum()) or letter in "-_" else "-" for letter in name
    ).strip("-")
    is_text = words and not words[0].isdigit() and words.casefold() not in ("null", "true", "false")
    return words if is_text else f"scenario-{words}"


SCENARIO = "scenario.yaml"
FILES = (SCENARIO, "schools.csv", "nles.csv", "trusts.csv")
COLUMNS_OF: Mapping[str, Callable[[SyntheticEngland], Columns]] = {
    "schools": school_columns,
    "nles": leader_columns,
    "trusts": trust_columns,
}
GENERATED = FolderKind("synthetic England", edited_stay=frozenset({SCENARIO}))


def write_scenario(
    england: SyntheticEngland, folder: Path, *, force: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Path:
    """Write `scenario.yaml`, `schools.csv`, `nles.csv` and `trusts.csv` into a new folder.

    Args:
        england: what to write.
        folder: must not exist, or be empty; its name becomes the scenario's.
        force: replace what an earlier `generate` wrote; all else is kept.
        tell: told the name of each of the three tables before it is written.

    Returns:
        The scenario file.

    Raises:
        RunFolderError: the folder is filled already, or cannot be written.
    """
    refuse_existing(folder, GENERATED, force=force)
    with complete_folder(folder, GENERATED, force=force) as partial:
        text = scenario_text(england, folder.absolute().name)
        (partial / SCENARIO).write_text(text, encoding="utf-8", newline="\n")
        for name, columns in COLUMNS_OF.items():
            tell(f"writing {name}.csv")
            write_columns(partial / f"{name}.csv", columns(england))
    return folder / SCENARIO


@dataclass(frozen=True, eq=False, repr=False)
class SyntheticScenario(Answer):
    """A synthetic England as a scenario: schools, trusts and NLEs, none of them real.

    Attributes:
        england: what was drawn.
    """

    england: SyntheticEngland

    def __repr__(self) -> str:
        counts = self.england.counts
        return (
            f"<SyntheticScenario: schools {counts['schools']:,}, nles {counts['nles']:,}, trusts {counts['trusts']:,}>"
        )

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`schools`, `nles` and `trusts`, as `load_scenario` takes them; their columns are those of tables.md."""
        return {
            name: typed(name, columns(self.england), types_in(TABLES[name], KNOWN_RESOURCES))
            for name, columns in COLUMNS_OF.items()
        }

    def write(self, folder: str | Path, *, force: bool = False, progress: Callable[[str], None] | None = None) -> Path:
        """Write `scenario.yaml` and its tables into a new folder, complete or not at all.

        Args:
            folder: must not exist, or be empty; its name becomes the scenario's.
            force: replace what `generate` wrote before; all else is kept.
            progress: told of each table before it is written.

        Returns:
            The scenario file.

        Raises:
            RunFolderError: the folder is filled already, or cannot be written.
        """
        return write_scenario(self.england, Path(folder), force=force, tell=progress or (lambda _: None))


def generate(
    schools: int,
    *,
    nles: int,
    seed: int = 0,
    regions: Sequence[str] = (),
    as_of: date = AS_OF,
    twice_below_good: float | None = None,
    keep_others: float = 1.0,
) -> SyntheticScenario:
    """Make a synthetic England-like scenario: schools, trusts and NLEs, none of them real.

    Schools are clustered as England's are, and their phases, faiths, grades and trusts follow figures per authority
    measured from public extracts; docs/reference/generate.md lists them. The same arguments give the same bytes.

    Args:
        schools: how many to draw, from 1 up.
        nles: how many to draw, from 1 up.
        seed: from 0 up.
        regions: names of regions to draw from; none means all nine.
        as_of: the day by which everything is known; from 1 January 2010.
        twice_below_good: share (0 to 0.9) of schools with both grades below Good; None: as measured, 0.04.
        keep_others: share (0 to 1) kept of the schools that are neither twice below Good nor an NLE's home.

    Raises:
        InputError: an argument is out of its range, or a region has no such name.
    """
    how: dict[str, Any] = {"regions": regions, "twice_below_good": twice_below_good, "keep_others": keep_others}
    return SyntheticScenario(draw_england(schools, nles, seed, as_of=as_of, **how))

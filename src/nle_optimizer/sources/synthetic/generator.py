"""Synthetic England, from a seed.

A synthetic England of any size from a seed.

National Leaders of Education: always synthetic, each at home in a synthetic school that is Good or better.

No public list of NLEs has places or expertise. What is drawn here is assumed; `docs/reference/generate.md`
lists every number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.records import Flags, Integers, Texts
from nle_optimizer.scenario.columns import AREAS, PHASES, REGIONS
from nle_optimizer.sources.synthetic.figures import Floats, Stream, figures
from nle_optimizer.sources.synthetic.schools import Schools, Trusts, draw_schools, draw_trusts

GRADE_WEIGHT = np.array([0.0, 2.0, 1.0, 0.0, 0.0])
REGION_WEIGHT = np.array([0.7, 0.9, 0.8, 0.9, 1.1, 1.0, 1.5, 1.1, 0.6])
"""Assumed, by region: London had many leaders for its schools, the North and the South West few."""
PHASE_WEIGHT = np.array([0.7, 1.0, 2.0, 2.0, 1.2, 0.5, 0.5])
NLE_STATUSES = np.array(["available", "paused", "withdrawn"], dtype=object)
STATUS_WEIGHTS = np.array([[93.0, 5.0, 2.0]])
PLACE_WEIGHTS = np.array([[45.0, 35.0, 20.0]])
GOVERNORS_AGREED = 0.96
LIMIT_GIVEN = 0.85
FAITH_STATED = 0.4
_COVERS = {
    "nursery": ("nursery", "nursery|primary"),
    "primary": ("primary", "nursery|primary", "primary", "primary", "primary|secondary"),
    "secondary": ("secondary", "secondary", "secondary|post-16", "secondary", "primary|secondary"),
    "all-through": ("primary|secondary", "all-through|primary|secondary"),
    "special": ("special", "special", "alternative-provision|special"),
    "alternative-provision": ("alternative-provision|special",),
    "post-16": ("post-16", "secondary|post-16"),
}
"""Phases an NLE covers, by the phase of the home school, equally likely."""


@dataclass(frozen=True, eq=False)
class Leaders:
    """Shape (leaders,) each; expertise in hundredths (0 to 100), shape (leaders, 3).

    `home` is the row of the home school; `faith` its faith where the NLE names it, else 0 (any);
    `limit` is in kilometres, 0 for none given.
    """

    home: Integers
    status: Integers
    phases: Texts
    faith: Integers
    expertise: Integers
    placements: Integers
    days: Integers
    limit: Integers
    governors_agreed: Integers

    def __len__(self) -> int:
        return len(self.home)


def draw_leaders(count: int, schools: Schools, stream: Stream) -> Leaders:
    """`count` leaders, each at home in an open school of grade 1 or 2, of which there is at least one."""
    grade, phase = schools.inspections.latest_grade, schools.kinds.phase
    home = _homes(count, schools, stream)
    placements = 1 + stream.pick(PLACE_WEIGHTS, np.zeros(count, dtype=np.int64))
    limit = 30 + 10 * stream.whole(count, 10)
    return Leaders(
        home,
        stream.pick(STATUS_WEIGHTS, np.zeros(count, dtype=np.int64)),
        _phases(phase[home], stream),
        np.where(stream.chance(count, FAITH_STATED), schools.kinds.faith[home], 0),
        _expertise(grade[home], stream),
        placements,
        np.minimum(30, 5 + 5 * placements + 5 * stream.whole(count, 3)),
        np.where(stream.chance(count, LIMIT_GIVEN), limit, 0),
        stream.chance(count, GOVERNORS_AGREED).astype(np.int64),
    )


def _homes(count: int, schools: Schools, stream: Stream) -> Integers:
    """Rows of home schools by sequential Poisson sampling (Ohlsson 1998): the least of draws over weights.

    No school serves twice before each that is open and Good or better has served once.
    """
    grade = schools.inspections.latest_grade
    able = np.flatnonzero(schools.open_now & ((grade == 1) | (grade == 2)))
    weight = GRADE_WEIGHT[grade[able]] * REGION_WEIGHT[schools.region[able]]
    draws = stream.uniform(len(able)) / (weight * PHASE_WEIGHT[schools.kinds.phase[able]])
    return np.resize(able[np.argsort(draws, kind="stable")], count)


def _phases(phase: Integers, stream: Stream) -> Texts:
    """What each leader covers, given the phase of the home school."""
    widest = max(len(choices) for choices in _COVERS.values())
    table = np.array([[_COVERS[name][n % len(_COVERS[name])] for n in range(widest)] for name in PHASES], dtype=object)
    sizes = np.array([len(_COVERS[name]) for name in PHASES])
    covers: Texts = table[phase, (stream.uniform(len(phase)) * sizes[phase]).astype(np.int64)]
    return covers


def _expertise(grade: Integers, stream: Stream) -> Integers:
    """About 0.6, higher from Outstanding schools, with one strong area and one weaker, in hundredths."""
    count = len(grade)
    level = 0.58 + 0.06 * (grade == 1) + 0.1 * stream.bell(count)
    strong = stream.whole(count, len(AREAS))
    weak = (strong + 1 + stream.whole(count, len(AREAS) - 1)) % len(AREAS)
    columns = [_area(level, strong == n, weak == n, stream) for n in range(len(AREAS))]
    return np.stack(columns, axis=1)


def _area(level: Floats, strong: Flags, weak: Flags, stream: Stream) -> Integers:
    """Expertise in one area, in hundredths from 5 to 100."""
    value = level + 0.22 * strong - 0.18 * weak + 0.08 * stream.bell(len(level))
    hundredths: Integers = np.floor(value * 100.0 + 0.5).astype(np.int64)
    return np.clip(hundredths, 5, 100)


AS_OF = date(2022, 9, 1)
EARLIEST = date(2010, 1, 1)
MOST_TWICE_BELOW_GOOD = 0.9
MOST = 1_000_000
"""Schools, and NLEs, that are drawn at most."""


@dataclass(frozen=True)
class Request:
    """What a synthetic England was asked to be.

    Attributes:
        schools: how many are drawn.
        nles: how many NLEs are drawn.
        seed: of every draw; 0 or more.
        regions: names of the regions drawn from; none means all nine.
        as_of: the day by which everything is known; from 2010.
        twice_below_good: share of schools whose last two grades are both below Good; None: as measured.
        keep_others: share, 0 to 1, of the schools without a case that are kept.
    """

    schools: int
    nles: int
    seed: int = 0
    regions: tuple[str, ...] = ()
    as_of: date = AS_OF
    twice_below_good: float | None = None
    keep_others: float = 1.0


@dataclass(frozen=True, eq=False)
class SyntheticEngland:
    """Schools, trusts and NLEs, none of them real.

    Attributes:
        request: what was asked for.
        schools: every school drawn.
        trusts: every trust; their records count every school drawn.
        leaders: every NLE.
        kept: rows of the schools that go into the table, ascending.
    """

    request: Request
    schools: Schools
    trusts: Trusts
    leaders: Leaders
    kept: Integers

    @property
    def counts(self) -> dict[str, int]:
        """How many of what there are in the tables."""
        return {
            "schools_drawn": len(self.schools),
            "schools": len(self.kept),
            "twice_below_good": int(self.schools.twice_below_good[self.kept].sum()),
            "trusts": len(self.trusts),
            "nles": len(self.leaders),
            "placements": int(self.leaders.placements.sum()),
        }


def draw_england(
    schools: int,
    nles: int,
    seed: int = 0,
    *,
    regions: Sequence[str] = (),
    as_of: date = AS_OF,
    twice_below_good: float | None = None,
    keep_others: float = 1.0,
) -> SyntheticEngland:
    """A synthetic England: schools, trusts and NLEs as the packaged figures have them.

    The same arguments give the same England on any machine, and other NLEs change no school.

    Args:
        schools: how many to draw, 1 or more.
        nles: how many to draw, 1 or more.
        seed: 0 or more.
        regions: names of regions to draw from; none means all nine.
        as_of: the day by which everything is known; from 1 January 2010.
        twice_below_good: share (0 to 0.9) of schools with both grades below Good; None: as measured, 0.04.
        keep_others: share (0 to 1) of the schools to keep that have no case and are no NLE's home.

    Raises:
        InputError: an argument is out of its range, or a region has no such name.
    """
    request = Request(schools, nles, seed, tuple(regions), as_of, twice_below_good, keep_others)
    _check(request)
    request = replace(request, regions=_in_order(regions))
    drawn = draw_schools(schools, figures(request.regions), seed, as_of, twice_below_good)
    trusts = draw_trusts(drawn, Stream(seed, "capacity"))
    leaders = draw_leaders(nles, drawn, Stream(seed, "leaders"))
    kept = _kept(drawn, leaders, keep_others, Stream(seed, "sample"))
    return SyntheticEngland(request, drawn, trusts, leaders, kept)


def _check(request: Request) -> None:
    problems = [Fault(Place(), path, what, str(got)) for holds, path, what, got in _limits(request) if not holds]
    known = {region.casefold() for region in REGIONS}
    problems += [
        Fault(Place(), "--region", "no such region", repr(name), did_you_mean(name, REGIONS))
        for name in request.regions
        if name.casefold() not in known
    ]
    if problems:
        raise InputError(problems)


def _limits(request: Request) -> list[tuple[bool, str, str, object]]:
    """Whether each number is in its range, what it is called, what it must be, what it is."""
    twice, most = request.twice_below_good, MOST_TWICE_BELOW_GOOD
    whole = f"must be a whole number from 1 to {MOST:,}"
    return [
        (1 <= request.schools <= MOST, "--schools", whole, request.schools),
        (1 <= request.nles <= MOST, "--nles", whole, request.nles),
        (0 <= request.seed < 2**63, "--seed", f"must be a whole number from 0 to {2**63 - 1}", request.seed),
        (request.as_of >= EARLIEST, "--as-of", f"must not be before {EARLIEST}", request.as_of),
        (
            twice is None or 0 <= twice <= most,
            "--twice-below-good",
            f"must be a share from 0 to {most}",
            twice,
        ),
        (0 <= request.keep_others <= 1, "--keep-others", "must be a share from 0 to 1", request.keep_others),
    ]


def _in_order(names: Sequence[str]) -> tuple[str, ...]:
    """The named regions, each once, spelled and ordered as in `REGIONS`."""
    folded = {name.casefold() for name in names}
    return tuple(region for region in REGIONS if region.casefold() in folded)


def _kept(schools: Schools, leaders: Leaders, share: float, stream: Stream) -> Integers:
    """Rows of the schools twice below Good, of the NLEs' homes, and of a share of the others."""
    keep = schools.twice_below_good | (stream.uniform(len(schools)) < share)
    keep[leaders.home] = True
    return np.flatnonzero(keep)

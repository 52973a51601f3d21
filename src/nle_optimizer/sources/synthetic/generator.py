"""A synthetic England of any size from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import REGIONS
from nle_optimizer.sources.synthetic.figures import figures
from nle_optimizer.sources.synthetic.leaders import Leaders, draw_leaders
from nle_optimizer.sources.synthetic.randomness import Stream
from nle_optimizer.sources.synthetic.schools import Schools, draw_schools
from nle_optimizer.sources.synthetic.trusts import Trusts, draw_trusts

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


def generate(
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
    problems = [Problem(Place(), path, what, str(got)) for holds, path, what, got in _limits(request) if not holds]
    known = {region.casefold() for region in REGIONS}
    problems += [
        Problem(Place(), "--region", "no such region", repr(name), did_you_mean(name, REGIONS))
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

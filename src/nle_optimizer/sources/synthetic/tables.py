"""The tables of a synthetic England as columns of text, in the order they are written."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.columns import AREAS, PHASES, REGIONS
from nle_optimizer.sources.synthetic import kinds, leaders
from nle_optimizer.sources.synthetic.generator import SyntheticEngland
from nle_optimizer.sources.synthetic.names import school_names
from nle_optimizer.sources.synthetic.vocabulary import FAITHS

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
        "establishment_status": kinds.STATUSES[schools.kinds.status[rows]].tolist(),
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
        "status": leaders.STATUSES[drawn.status].tolist(),
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

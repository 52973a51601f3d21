"""National Leaders of Education: always synthetic, each at home in a synthetic school that is Good or better.

No public list of NLEs has places or expertise. What is drawn here is assumed; `docs/reference/generate.md`
lists every number.
"""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import Flags, Integers, Texts
from nle_optimizer.scenario.columns import AREAS, PHASES
from nle_optimizer.sources.synthetic.randomness import Floats, Stream
from nle_optimizer.sources.synthetic.schools import Schools

GRADE_WEIGHT = np.array([0.0, 2.0, 1.0, 0.0, 0.0])
REGION_WEIGHT = np.array([0.7, 0.9, 0.8, 0.9, 1.1, 1.0, 1.5, 1.1, 0.6])
"""Assumed, by region: London had many leaders for its schools, the North and the South West few."""
PHASE_WEIGHT = np.array([0.7, 1.0, 2.0, 2.0, 1.2, 0.5, 0.5])
STATUSES = np.array(["available", "paused", "withdrawn"], dtype=object)
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

"""Every synthetic school, stage by stage."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from nle_optimizer.records import Flags, Integers
from nle_optimizer.sources.synthetic.figures import Figures
from nle_optimizer.sources.synthetic.inspections import Inspections, draw_inspections
from nle_optimizer.sources.synthetic.kinds import Kinds, draw_kinds
from nle_optimizer.sources.synthetic.membership import Membership, draw_membership
from nle_optimizer.sources.synthetic.needs import Needs, draw_needs
from nle_optimizer.sources.synthetic.places import Places, draw_places
from nle_optimizer.sources.synthetic.randomness import Stream
from nle_optimizer.sources.synthetic.vocabulary import RECORDS, TWICE_BELOW_GOOD


@dataclass(frozen=True, eq=False)
class Schools:
    """All schools, in the order they are numbered: authority by authority."""

    figures: Figures
    places: Places
    kinds: Kinds
    inspections: Inspections
    membership: Membership
    needs: Needs

    def __len__(self) -> int:
        return len(self.places.authority)

    @property
    def region(self) -> Integers:
        """Place in `REGIONS`, shape (schools,)."""
        return self.figures.regions[self.places.authority]

    @property
    def open_now(self) -> Flags:
        """Whether each school is open, and not about to close."""
        is_open: Flags = self.kinds.status == 0
        return is_open

    @property
    def twice_below_good(self) -> Flags:
        """Whether the last two grades of each school are both below Good."""
        twice: Flags = np.isin(self.kinds.record, TWICE_BELOW_GOOD)
        return twice


def draw_schools(
    count: int, figures: Figures, seed: int, as_of: date, twice_below_good: float | None = None
) -> Schools:
    """`count` schools in the authorities of `figures`; at least one is open and Good or better.

    Args:
        count: at least 1.
        figures: the authorities drawn from.
        seed: of every draw.
        as_of: the day by which everything is known.
        twice_below_good: share of schools with both grades below Good, instead of the measured one.
    """
    places = draw_places(count, figures, Stream(seed, "places"))
    kinds = draw_kinds(places.authority, figures, Stream(seed, "schools"), twice_below_good)
    kinds = _with_a_good_one(kinds)
    inspections = draw_inspections(kinds.record, as_of, Stream(seed, "grades"))
    region = figures.regions[places.authority]
    membership = draw_membership(places, kinds, region, inspections.latest_day, as_of, Stream(seed, "trusts"))
    needs = draw_needs(kinds.record, inspections, as_of, Stream(seed, "needs"))
    return Schools(figures, places, kinds, inspections, membership, needs)


def _with_a_good_one(kinds: Kinds) -> Kinds:
    """Where no open school is Good or better, the first is made so: NLEs need a home."""
    good = (kinds.record == RECORDS.index("grade_1")) | (kinds.record == RECORDS.index("grade_2"))
    if (good & (kinds.status == 0)).any():
        return kinds
    record, status = kinds.record.copy(), kinds.status.copy()
    record[0], status[0] = RECORDS.index("grade_2"), 0
    return replace(kinds, record=record, status=status)

"""A chart: its figures in a table, and which of the columns are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["bars", "lines", "heat", "intervals", "points"]


@dataclass(frozen=True)
class Chart:
    """A chart that any renderer can draw, and whose figures anybody can read.

    Attributes:
        name: for files and anchors, such as `coverage-by-region`.
        title: what it answers, in a few words.
        kind: `bars` (a bar a row), `lines` (a line a series), `heat` (a cell a row), `intervals` (a point with its
            low and high a row), `points` (a named point a row, at two figures).
        columns: headings of the columns by key, in order.
        rows: one mapping a row; numbers or text.
        x: the column along the axis of categories or settings (of a heat map, the columns).
        y: the column of figures that is drawn (of a heat map, that of the rows).
        series: the column that tells lines apart; of a heat map, the figures; of points, their names.
        most: the end of the axis of figures, where it is known, such as 1 for shares.
        is_share: whether figures are shares, to be shown as percentages.
        marked: the entry of `x`, or of `series` where lines are told apart, that stands out; none if empty.
        note: one sentence beneath it.
    """

    name: str
    title: str
    kind: Kind
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    x: str
    y: str
    series: str = ""
    most: float | None = None
    is_share: bool = False
    marked: str = ""
    note: str = ""

    @property
    def greatest(self) -> float:
        """The end of the axis of figures."""
        if self.most is not None:
            return self.most
        return max((row[self.y] for row in self.rows if isinstance(row[self.y], int | float)), default=0) or 1

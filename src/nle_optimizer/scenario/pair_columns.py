"""The columns of a pair: its own, those of the pairs table, and those of its school and its NLE."""

from typing import Literal

from nle_optimizer.records import ColumnSpec, Kind, Records
from nle_optimizer.scenario.columns import NLES, SCHOOLS

Owner = Literal["pair", "pairs", "schools", "nles"]

OWN = {
    "out_of_region": ColumnSpec("out_of_region", Kind.YES_NO, "Whether both regions are filled and differ."),
    "distance_km": ColumnSpec("distance_km", Kind.KILOMETRES, "Distance between the two.", unit="km"),
    "fit": ColumnSpec("fit", Kind.AMOUNT, "Fit of the pair."),
}
"""Columns that every pair has, whatever the pairs table says."""


def owner_of(name: str, pairs: Records | None) -> tuple[Owner, str]:
    """Whose column a name in the condition of a pair stands for, and the column's name there.

    Args:
        name: `out_of_region`, a column of the pairs table, `school.NAME`, `nle.NAME`, or one of the schools table.
        pairs: the pairs table, or None.
    """
    if name in OWN:
        return "pair", name
    side, dot, column = name.partition(".")
    if dot and side in ("school", "nle"):
        return ("schools" if side == "school" else "nles"), column
    if name in SCHOOLS.key:
        return "schools", name
    if name in NLES.key:
        return "nles", name
    if pairs is not None and name in pairs:
        return "pairs", name
    return "schools", name

"""Schools that took over from others (URN links), and the history they carry on.

A conversion to an academy gives a school a new URN, and its inspections stay with the old one. History is
followed through single predecessors only: never through a merger, an amalgamation or a split, where
nobody can say whose grade it is.
"""

from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from nle_optimizer.sources.england.extracts import Extract, read_extract
from nle_optimizer.sources.england.inspections import Inspection
from nle_optimizer.sources.england.notes import Notes

NAMES = {"urn": ("URN",), "other": ("LinkURN", "Link URN"), "kind": ("LinkType", "Link type")}
REQUIRED = ("other", "kind")
PLAIN = frozenset({"predecessor", "successor"})

Kinds = dict[str, dict[str, set[str]]]


class UrnLinks:
    """Who came before whom, each link read from either side."""

    def __init__(self, before: Kinds, after: Kinds):
        self._before = before
        self._after = after

    def single_predecessor(self, urn: str) -> str | None:
        """The one school this one plainly took over from, or None."""
        return _only(self._before.get(urn, {}))

    def single_successor(self, urn: str) -> str | None:
        """The one school that plainly took over from this one, or None."""
        return _only(self._after.get(urn, {}))

    def inherited(self, urn: str, known: Mapping[str, Inspection]) -> str | None:
        """The nearest predecessor with a grade, along a chain of single predecessors; None without one."""
        seen = {urn}
        step = self.single_predecessor(urn)
        while step is not None and step not in seen:
            if step in known and known[step].is_graded:
                return step
            seen.add(step)
            step = self.single_predecessor(step)
        return None

    def current(self, urn: str, known: Container[str]) -> str | None:
        """The school of `known` that this one became, along a chain of single successors; None without."""
        return next((step for step in self._chain(urn) if step in known), None)

    def several(self, urn: str) -> list[str]:
        """The schools that this one was split into, or that took over from it otherwise than plainly; or none."""
        last = [urn, *self._chain(urn)][-1]
        after = self._after.get(last, {})
        return [] if _only(after) else sorted(after)

    def _chain(self, urn: str) -> Iterator[str]:
        """Single successors, one after the other."""
        seen = {urn}
        step = self.single_successor(urn)
        while step is not None and step not in seen:
            yield step
            seen.add(step)
            step = self.single_successor(step)


def _only(linked: Mapping[str, set[str]]) -> str | None:
    """The only school linked, where nothing but a plain link joins the two."""
    if len(linked) != 1:
        return None
    ((urn, kinds),) = linked.items()
    return urn if kinds <= PLAIN else None


def no_links() -> UrnLinks:
    """Links where no file of them is given."""
    return UrnLinks({}, {})


def read_urn_links(path: Path, notes: Notes) -> tuple[Extract, UrnLinks]:
    """Read GIAS's links file.

    Raises:
        InputError: the file cannot be read.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    before: Kinds = {}
    after: Kinds = {}
    columns = (extract.cells("urn"), extract.identifiers("other", notes), extract.cells("kind"))
    for urn, other, kind in zip(*columns, strict=True):
        for old, new in _directions(urn, other, kind.casefold()):
            before.setdefault(new, {}).setdefault(old, set()).add(kind.casefold())
            after.setdefault(old, {}).setdefault(new, set()).add(kind.casefold())
    return extract, UrnLinks(before, after)


def _directions(urn: str, other: str, kind: str) -> list[tuple[str, str]]:
    """Which of the two came before which; after a merger both directions, so that nothing is followed."""
    if urn == other or not other:
        return []
    if kind.startswith("predecessor"):
        return [(other, urn)]
    if kind.startswith("successor"):
        return [(urn, other)]
    return [(other, urn), (urn, other)] if kind.startswith(("merged", "result of")) else []


def with_history(
    urns: list[str], known: Mapping[str, Inspection], links: UrnLinks
) -> tuple[dict[str, Inspection], dict[str, str]]:
    """Inspections of every school, a predecessor's where it has none of its own.

    Returns:
        Inspections by URN, and for those that follow a predecessor its URN. A school with any grade of its
        own keeps exactly what it has.
    """
    inspections: dict[str, Inspection] = {}
    inspected_as: dict[str, str] = {}
    for urn in urns:
        own = known.get(urn)
        if own is None or not own.is_graded:
            old = links.inherited(urn, known)
            if old is not None:
                inspected_as[urn], own = old, known[old]
        if own is not None:
            inspections[urn] = own
    return inspections, inspected_as

"""GIAS: establishments, areas, and predecessors and successors of schools.

Establishments as Get Information about Schools (GIAS) lists them, in the columns of a schools table. The part of
England that an import is cut to: regions, local authorities, or both.

Schools that took over from others (URN links), and the history they carry on.

A conversion to an academy gives a school a new URN, and its inspections stay with the old one. History is
followed through single predecessors only: never through a merger, an amalgamation or a split, where
nobody can say whose grade it is.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.scenario.columns import REGIONS, STATUS_CODES, STATUSES
from nle_optimizer.scenario.identifiers import is_word_for_nothing
from nle_optimizer.sources.england.cells import GIAS_PHASES, GRADES, WITHOUT_PHASE, day, metres, number, parsed, whole
from nle_optimizer.sources.england.extracts import Extract, Notes, fold, read_extract, rows_by_key
from nle_optimizer.sources.england.inspections import Inspection

NAMES = {
    "urn": ("URN",),
    "name": ("EstablishmentName",),
    "authority": ("LA (name)",),
    "region": ("GOR (name)",),
    "type": ("TypeOfEstablishment (name)",),
    "status": ("EstablishmentStatus (name)", "EstablishmentStatus", "EstablishmentStatus (code)"),
    "phase": ("PhaseOfEducation (name)",),
    "faith": ("ReligiousCharacter (name)",),
    "diocese": ("Diocese (name)",),
    "pupils": ("NumberOfPupils",),
    "fsm": ("PercentageFSM",),
    "easting": ("Easting",),
    "northing": ("Northing",),
    "trust_code": ("Trusts (code)",),
    "trust_name": ("Trusts (name)",),
    "trust_flag": ("TrustSchoolFlag (name)",),
    "rating": ("OfstedRating (name)",),
    "inspected": ("OfstedLastInsp",),
}
REQUIRED = ("name", "authority", "region", "type", "status", "phase", "easting", "northing")
OUTSIDE = frozenset({"", "walespseudo", "wales", "notapplicable", "channelislandspseudo", "scotland", "outsideengland"})
NOT_YET_OPEN = "not-yet-open"
_REGIONS = {fold(region): region for region in REGIONS}


@dataclass(frozen=True, slots=True)
class Establishment:
    """One row of GIAS.

    Attributes:
        cells: what a schools table holds of it, by column name; blank text where it is not given.
        phase: as GIAS has it.
        trust_code: identifier of its trust (Group UID), or blank.
        trust_name: name of that trust.
        trust_flag: how GIAS describes its support by a trust; blank where the file does not say.
    """

    cells: dict[str, str]
    phase: str
    trust_code: str
    trust_name: str
    trust_flag: str

    @property
    def is_english(self) -> bool:
        """Whether it lies in one of the nine regions."""
        return self.cells["region"] in REGIONS

    @property
    def is_open(self) -> bool:
        """Whether it is open, proposed to close or not."""
        return is_open(self.cells)

    @property
    def is_proposed(self) -> bool:
        """Whether it is proposed to open."""
        return STATUSES.get(self.cells["establishment_status"].casefold()) == NOT_YET_OPEN


def is_open(cells: Mapping[str, str]) -> bool:
    """Whether a row of the schools table is one of an open school."""
    return STATUSES.get(cells["establishment_status"].casefold()) == ""


def region_name(text: str) -> str:
    """The region as this package spells it; text that is no region of England stays as it is."""
    return _REGIONS.get(fold(text), text)


def read_gias(path: Path, notes: Notes) -> tuple[Extract, dict[str, Establishment]]:
    """Read a GIAS extract of any width.

    Returns:
        The file, and its establishments by URN, in file order.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    by_urn = rows_by_key(extract, "urn", notes)
    _count_unknown_codes(extract, notes)
    establishments = list(_establishments(extract, notes))
    return extract, {urn: establishments[row] for urn, row in by_urn.items()}


def _establishments(extract: Extract, notes: Notes) -> Iterator[Establishment]:
    easting, northing = _places(extract, notes)
    columns = {
        "school_id": extract.cells("urn"),
        "name": extract.cells("name"),
        "easting": easting,
        "northing": northing,
        "region": [region_name(text) for text in extract.cells("region")],
        "local_authority": extract.cells("authority"),
        "faith": _meant(extract.cells("faith")),
        "diocese": _meant(extract.cells("diocese")),
        "establishment_type": extract.cells("type"),
        "establishment_status": [STATUS_CODES.get(text, text) for text in extract.cells("status")],
        "pupils": _texts(parsed(extract, "pupils", whole, notes)),
        "percentage_fsm": _meals(extract, notes),
        "gias_rating": _texts([GRADES.get(text.casefold()) for text in extract.cells("rating")]),
        "gias_inspected": _texts(parsed(extract, "inspected", day, notes)),
    }
    trusts = extract.identifiers("trust_code", notes)
    rest = zip(extract.cells("phase"), trusts, extract.cells("trust_name"), extract.cells("trust_flag"), strict=True)
    for values, others in zip(zip(*columns.values(), strict=True), rest, strict=True):
        yield Establishment(dict(zip(columns, values, strict=True)), *others)


def _texts(values: Sequence[object]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _places(extract: Extract, notes: Notes) -> tuple[list[str], list[str]]:
    """Eastings and northings; 0, 0 is no place."""
    both = list(zip(*(parsed(extract, name, metres, notes) for name in ("easting", "northing")), strict=True))
    nowhere = sum(place == (0, 0) for place in both)
    notes.find(nowhere, "Schools at easting 0, northing 0, which is no place and read as blank: {n}.")
    places = [(None, None) if place == (0, 0) else place for place in both]
    return _texts([easting for easting, _ in places]), _texts([northing for _, northing in places])


def _meant(values: list[str]) -> list[str]:
    return ["" if is_word_for_nothing(text) or text.casefold() == "unknown" else text for text in values]


def _meals(extract: Extract, notes: Notes) -> list[str]:
    """Share of pupils on free meals in per cent; files write 0 where it is not known."""
    values = parsed(extract, "fsm", number, notes)
    notes.find(
        sum(value == 0 for value in values if value is not None),
        "Schools with 0 per cent of pupils on free meals, which stands for missing data: {n}, read as blank.",
    )
    return [str(value) if value else "" for value in values]


def _count_unknown_codes(extract: Extract, notes: Notes) -> None:
    known: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("region", lambda text: fold(text) in _REGIONS or fold(text) in OUTSIDE),
        ("status", lambda text: STATUS_CODES.get(text, text).casefold() in STATUSES),
        ("phase", lambda text: text.casefold() in WITHOUT_PHASE or text.casefold() in GIAS_PHASES),
    )
    for name, is_known in known:
        for text in extract.cells(name) if name in extract else ():
            if not is_known(text):
                notes.unexpected[extract.path.name, extract.heading(name), text] += 1


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


LINK_NAMES = {"urn": ("URN",), "other": ("LinkURN", "Link URN"), "kind": ("LinkType", "Link type")}
LINK_REQUIRED = ("other", "kind")
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
    extract = read_extract(path, LINK_NAMES, "urn", notes, LINK_REQUIRED)
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

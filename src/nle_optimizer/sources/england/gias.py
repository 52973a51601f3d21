"""Establishments as Get Information about Schools (GIAS) lists them, in the columns of a schools table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nle_optimizer.scenario.columns import REGIONS, STATUS_CODES, STATUSES
from nle_optimizer.scenario.identifiers import is_word_for_nothing
from nle_optimizer.sources.england.cells import GRADES, day, metres, number, parsed, whole
from nle_optimizer.sources.england.extracts import Extract, fold, read_extract, rows_by_key
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.phases import GIAS_PHASES, WITHOUT_PHASE

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
        for text in extract.cells(name):
            if not is_known(text):
                notes.unexpected[extract.path.name, extract.heading(name), text] += 1

"""Which school belongs to which academy trust."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nle_optimizer.sources.england.cells import day, parsed
from nle_optimizer.sources.england.extracts import Extract, read_extract
from nle_optimizer.sources.england.gias import Establishment
from nle_optimizer.sources.england.notes import Notes

NAMES = {
    "urn": ("URN",),
    "uid": ("Group UID",),
    "name": ("Group Name",),
    "kind": ("Group Type",),
    "status": ("Group Status",),
    "joined": ("Joined date",),
}
REQUIRED = ("uid", "name", "kind", "status", "joined")
MULTI = "multi-academy trust"
SINGLE = "single-academy trust"


@dataclass(frozen=True, slots=True)
class Membership:
    """A school's place in an academy trust.

    Attributes:
        trust_id: the trust's Group UID.
        name: the trust's name.
        multi: whether it is a multi-academy trust.
        joined: the day the school joined; None where it is not known.
    """

    trust_id: str
    name: str
    multi: bool
    joined: date | None = None


@dataclass(frozen=True)
class TrustLinks:
    """What the links file says: the membership of each school, and whether each open trust is a multi one."""

    members: Mapping[str, Membership]
    multi: Mapping[str, bool]
    closed: frozenset[str]


NO_LINKS = TrustLinks({}, {}, frozenset())


def read_trust_links(path: Path, notes: Notes) -> tuple[Extract, TrustLinks]:
    """Read GIAS's group links; of several open trusts of a school the one joined last counts.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    best: dict[str, tuple[date, str]] = {}
    members: dict[str, Membership] = {}
    multi: dict[str, bool] = {}
    closed: set[str] = set()
    joined = parsed(extract, "joined", day, notes)
    uids = extract.identifiers("uid", notes)
    columns = (extract.cells(name) for name in ("urn", "name", "kind", "status"))
    for uid, urn, name, kind, status, since in zip(uids, *columns, joined, strict=True):
        if kind.casefold() not in (MULTI, SINGLE):
            notes.unexpected[path.name, extract.heading("kind"), kind] += 1
        elif status.casefold() != "open":
            closed.add(uid)
        else:
            multi[uid] = kind.casefold() == MULTI
            if urn not in best or (since or date.min, uid) > best[urn]:
                best[urn] = since or date.min, uid
                members[urn] = Membership(uid, name, multi[uid], since)
    return extract, TrustLinks(members, multi, frozenset(closed) - set(multi))


def memberships(establishments: Mapping[str, Establishment], links: TrustLinks) -> dict[str, Membership]:
    """The membership of every school of GIAS that has one.

    An open link decides. Without one GIAS's own trust code counts, unless the links call that trust closed:
    it is a multi-academy trust if the links or GIAS's flag say so, or, where neither says, if two or more
    schools carry the code.
    """
    sizes = Counter(school.trust_code for school in establishments.values())
    found: dict[str, Membership] = {}
    for urn, school in establishments.items():
        code = school.trust_code
        if urn in links.members:
            found[urn] = links.members[urn]
        elif code and code not in links.closed:
            multi = links.multi.get(code, _flagged_multi(school.trust_flag, sizes[code]))
            found[urn] = Membership(code, school.trust_name, multi)
    return found


def _flagged_multi(flag: str, size: int) -> bool:
    word = flag.casefold()
    if "trust" not in word:
        return size > 1
    return "multi-academy" in word


def disagreeing(establishments: Mapping[str, Establishment], found: Mapping[str, Membership]) -> Iterable[str]:
    """Schools for which GIAS's own trust code is another than their open link's."""
    return [
        urn
        for urn, school in establishments.items()
        if school.trust_code and urn in found and found[urn].trust_id != school.trust_code
    ]

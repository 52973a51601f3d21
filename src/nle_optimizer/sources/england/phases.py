"""The phase of a school: as GIAS has it, or derived from its type, then from its name, and marked so."""

import re
from functools import lru_cache

GIAS = "gias"
FROM_TYPE = "derived-from-type"
FROM_NAME = "derived-from-name"
UNKNOWN = "unknown"
GIVEN = "given"

GIAS_PHASES = {
    "nursery": "nursery",
    "primary": "primary",
    "middle deemed primary": "primary",
    "secondary": "secondary",
    "middle deemed secondary": "secondary",
    "all-through": "all-through",
    "16 plus": "post-16",
}
WITHOUT_PHASE = frozenset({"", "not applicable"})

_TYPES = (
    ("post-16", r"post.?16|16.(to.)?19|sixth form|further education|higher education|designated college"),
    ("alternative-provision", r"pupil referral|alternative provision"),
    ("special", r"\bspecial\b"),
    ("nursery", r"\bnursery\b"),
    ("secondary", r"technology college|technical college|studio school"),
)
_FIRST_NAMES = (
    ("alternative-provision", r"pupil referral|\bpru\b|alternative provision|short stay school"),
    ("special", r"\bspecial school\b"),
)
_PRIMARY = r"\b(primary|infants?|junior|first school)\b"
_SECONDARY = r"\b(secondary|high school|grammar school|upper school)\b"
_LAST_NAMES = (("post-16", r"\bsixth form\b|\b16-19\b"), ("nursery", r"\bnursery\b"))


def phase_of(gias_phase: str, school_type: str, name: str) -> tuple[str, str]:
    """The phase (blank where it cannot be told) and where it comes from.

    The first that answers decides: GIAS's own phase, words in the type, words in the name. A name that
    speaks of both primary and secondary tells nothing.
    """
    phase = GIAS_PHASES.get(gias_phase.casefold())
    if phase:
        return phase, GIAS
    phase = _first(_TYPES, school_type.casefold())
    if phase:
        return phase, FROM_TYPE
    phase = _phase_in_name(name.casefold())
    return (phase, FROM_NAME) if phase else ("", UNKNOWN)


@lru_cache(maxsize=256)
def _first(words: tuple[tuple[str, str], ...], text: str) -> str:
    return next((phase for phase, pattern in words if re.search(pattern, text)), "")


def _phase_in_name(name: str) -> str:
    primary, secondary = (bool(re.search(pattern, name)) for pattern in (_PRIMARY, _SECONDARY))
    if found := _first(_FIRST_NAMES, name):
        return found
    if primary or secondary:
        return "" if primary and secondary else "primary" if primary else "secondary"
    return _first(_LAST_NAMES, name)


def phases_run(phases: set[str]) -> set[str]:
    """The phases somebody serves who runs schools of these: all-through means primary and secondary."""
    if "all-through" in phases:
        return phases - {"all-through"} | {"primary", "secondary"}
    return phases

"""Every reason why a school is out, why one has no NLE, what keeps a pair apart, and why an NLE is out: in words.

Codes decide nothing here; people filter files by them, so they stay. The words may change, and are stated nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

STAGES: Mapping[str, str] = {
    "listing": "Left out when the list was made",
    "eligibility": "Eligibility",
    "trust-first": "Matching with trusts first",
    "recipient": "Who receives the support",
    "need": "Need",
}
"""The stages at which a school can be taken out, in order."""


@dataclass(frozen=True)
class Reason:
    """The words of one code, for each reader.

    Attributes:
        heading: a few words: headings, charts, counts.
        sentence: said of a school that no NLE could take, in `unmatched.csv`; blank where it is made from figures.
        between: said of one school and one NLE; `{distance}`, `{limit}` (km) and `{fit}` are the pair's.
        cure: the kind of cure that lifts it: `reach`, `minimum_fit` or `conflict`; blank where none does.
        set_aside: what is set aside then, within a sentence.
        beyond: said of an agreed pair that is exempt from it, as a limit that may have come or been narrowed since;
            blank where an agreed pair is not.
        back_if: what would bring a school back that is out for it.
    """

    heading: str
    sentence: str = ""
    between: str = ""
    cure: str = ""
    set_aside: str = ""
    beyond: str = ""
    back_if: str = ""


EXCLUDED: Mapping[str, Reason] = {
    "not-in-england": Reason("Not in England"),
    "closed": Reason("Closed", back_if="it is open again: `establishment_status` in the schools table"),
    "support-finished": Reason(
        "Its support has finished",
        back_if="it is put back: the state `reopened` in the current table, or `replan` with `reopen`",
    ),
    "not-yet-open": Reason("Not open yet"),
    "not-state-funded": Reason("Not state-funded"),
    "no-coordinates": Reason("No place is known"),
    "trust-not-a-recipient": Reason(
        "A trust, and only schools are supported", back_if="`eligibility.recipients` lets trusts be supported"
    ),
    "not-yet-arrived": Reason("Arrives after the day of the run", back_if="`as_of` is its day of arrival or later"),
    "cannot-tell": Reason("Cannot be told, because facts are missing", back_if="the blank cells are filled"),
    "not-eligible": Reason("Not eligible under the policy"),
    "matched-to-trust": Reason(
        "Matched with a high-quality trust",
        back_if="its trust declines: `trust_decision: declined` in the schools table, or `replan` with "
        "`trust-declines`; or `trust_first.mode: off`",
    ),
    "served-through-trust": Reason(
        "Served through its trust",
        back_if="`eligibility.recipients: as-listed` supports schools rather than their trusts",
    ),
    "no-need": Reason("No need in an area that counts", back_if="a need above 0 is assessed in an area that counts"),
    "governance-only": Reason(
        "Need in governance only: to an external review",
        back_if="`eligibility.governance_only: match` lets NLEs support it",
    ),
    "unknown-need": Reason("Need not assessed"),
}
"""Why a school is out before any NLE is considered."""

FILTERS: Mapping[str, Reason] = {
    "not-listed": Reason(
        "Not among the listed pairs",
        "The pairs table, which lists the only candidates, has no pair for it.",
        "the pairs table lists the only candidates, and does not list it",
        beyond="the pairs table does not list it, and only listed pairs count",
    ),
    "no-place": Reason(
        "No place is known",
        "Its place is not known, and the pairs table gives no distance.",
        "a place is not known, so neither is the distance",
    ),
    "too-far": Reason(
        "No NLE near enough",
        "No NLE is within reach.",
        "it is too far: {distance} km, and at most {limit} km may lie between",
        cure="reach",
        beyond="it is farther apart than the limits on distance allow",
    ),
    "too-near": Reason(
        "Every NLE in reach is too near",
        "Every NLE within reach is nearer than the least distance.",
        "it is nearer than the least distance: {distance} km",
        beyond="it is nearer than geography.min_distance_km",
    ),
    "travel-time": Reason(
        "Every NLE in reach would travel too long",
        "Every NLE within reach would travel too long, or the travel time is not known.",
        "the travel time is above the limit, or not known",
        beyond="its travel time is over geography.max_travel_minutes, or not known",
    ),
    "other-area": Reason(
        "No NLE works in its area",
        "No NLE left works in its area.",
        "the NLE does not work in the school's area",
        beyond="it crosses an area that may not be crossed",
    ),
    "phase": Reason(
        "No NLE in reach works in its phase",
        "No NLE left works in its phase.",
        "the NLE does not work in the school's phase",
        beyond="their phases do not agree",
    ),
    "faith": Reason(
        "No NLE in reach works with its faith",
        "No NLE left works with its faith.",
        "the NLE does not work with the school's faith",
        beyond="their faiths do not agree",
    ),
    "diocese": Reason(
        "No NLE in reach works with its diocese",
        "No NLE left works with its diocese.",
        "the NLE does not work with the school's diocese",
        beyond="their dioceses do not agree",
    ),
    "home-school": Reason(
        "The only NLE left leads it",
        "It is the home school of the only NLE left.",
        "it is the NLE's home school",
        cure="conflict",
        set_aside="that it leads the school",
    ),
    "own-trust": Reason(
        "Every NLE left is of its own trust",
        "Every NLE left belongs to its own trust.",
        "both belong to one trust",
        cure="conflict",
        set_aside="that both are of one trust",
    ),
    "same-authority": Reason(
        "Every NLE left is of its own authority",
        "Every NLE left belongs to its own local authority.",
        "both lie in one local authority",
        cure="conflict",
        set_aside="that both are of one authority",
        beyond="both lie in one authority (conflicts.same_authority)",
    ),
    "declared": Reason(
        "Conflict of interest or objection",
        "Every NLE left has a declared conflict of interest or was objected to.",
        "a conflict of interest was declared, or one side objects",
        cure="conflict",
        set_aside="the conflict declared",
    ),
    "forbidden": Reason(
        "Every NLE left is forbidden for it",
        "Every NLE left is forbidden for it.",
        "the pair is forbidden in the pairs table",
        cure="conflict",
        set_aside="that the pair is forbidden",
    ),
    "unknown-fit": Reason(
        "Needs or expertise not assessed",
        "Its needs, or the expertise of every NLE left, are not assessed.",
        "needs or expertise are not assessed",
    ),
    "no-need-met": Reason(
        "No need that could be met",
        "It has no need in an area that counts.",
        "the school has no need in an area that counts",
    ),
    "fit-below-minimum": Reason(
        "Every NLE left fits too little",
        "Every NLE left fits worse than the minimum.",
        "the fit is below the minimum: {fit}",
        cure="minimum_fit",
        beyond="it fits worse than fit.minimum",
    ),
}
"""What keeps a school and an NLE apart, in the order in which it is asked; the last that did is a school's reason."""

LEFT_OUT: Mapping[str, Reason] = {
    "no-nle": Reason("No NLE is available", "No NLE is available."),
    "no-room": Reason("No NLE has as much capacity as it takes"),
    "all-in-use": Reason("Every NLE in reach is in use"),
    "constraint": Reason("A limit stands in the way"),
    "not-worth-it": Reason("Support would cost more than it gains"),
    "not-placed": Reason("Not placed when the search ended"),
    "infeasible": Reason(
        "No allocation meets every requirement",
        "Nobody is matched: no allocation meets every requirement, as the summary says.",
    ),
    "stopped": Reason(
        "The search was stopped before it found any",
        "Nobody is matched: the search was stopped before it found an allocation.",
    ),
}
"""Why a school has no NLE although no filter took its last one."""

NLES: Mapping[str, Reason] = {
    "nlg-programme-closed": Reason("National Leader of Governance: programme closed"),
    "not-an-nle": Reason("Not an NLE"),
    "paused": Reason("Paused"),
    "withdrawn": Reason("Withdrawn"),
    "home-not-good": Reason("Home school is not Good or better"),
    "governors-not-agreed": Reason("Governors have not agreed"),
    "unknown-capacity": Reason("Capacity is not known"),
    "unknown-expertise": Reason("Expertise not assessed"),
}
"""Why an NLE is out, beside `no-place`."""

REASONS: Mapping[str, Reason] = {**EXCLUDED, **FILTERS, **LEFT_OUT, **NLES}

CURES: Mapping[str, str] = {
    "reach": "A longer reach",
    "minimum_fit": "A lower minimum fit",
    "conflict": "A conflict set aside",
}
"""The kinds of cures that lift a filter, in words that tell nothing more of them."""

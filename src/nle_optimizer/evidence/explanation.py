"""Why a pair was made and why a recipient was left out, in one sentence each."""

from collections.abc import Sequence

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import Standing, better_elsewhere
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.fit import area_fit

NO_CANDIDATE = {
    "no-nle": "No NLE is available.",
    "not-listed": "The pairs table, which lists the only candidates, has no pair for it.",
    "no-place": "Its place is not known, and the pairs table gives no distance.",
    "too-far": "No NLE is within reach.",
    "too-near": "Every NLE within reach is nearer than the least distance.",
    "travel-time": "Every NLE within reach would travel too long, or the travel time is not known.",
    "other-area": "No NLE left works in its area.",
    "phase": "No NLE left works in its phase.",
    "faith": "No NLE left works with its faith.",
    "diocese": "No NLE left works with its diocese.",
    "home-school": "It is the home school of the only NLE left.",
    "own-trust": "Every NLE left belongs to its own trust.",
    "same-authority": "Every NLE left belongs to its own local authority.",
    "declared": "Every NLE left has a declared conflict of interest or was objected to.",
    "forbidden": "Every NLE left is forbidden for it.",
    "unknown-fit": "Its needs, or the expertise of every NLE left, are not assessed.",
    "no-need-met": "It has no need in an area that counts.",
    "fit-below-minimum": "Every NLE left fits worse than the minimum.",
    "infeasible": "Nobody is matched: no allocation meets every requirement, as the summary says.",
    "stopped": "Nobody is matched: the search was stopped before it found an allocation.",
}
"""The reason codes of recipients that no NLE could take, in words."""

NOBODY = {"infeasible": "infeasible", "unknown": "stopped"}
"""The reason code of every recipient with a candidate, where nobody is matched, by status."""


def why_matched(outcome: Outcome, standing: Standing, areas: Sequence[Integers]) -> list[str]:
    """A sentence for each matched pair, in the order of `outcome.matched`."""
    found, pairs = outcome.candidates, outcome.matched
    recipient = found.recipient[pairs]
    shown = [shown_areas(outcome, n) for n in range(len(AREAS))]
    shares = [
        ", ".join(f"{word} {round(int(areas[n][row]) / 10_000)} %" for n, word in enumerate(AREAS) if shown[n][row])
        for row in range(len(pairs))
    ]
    return [
        f"Meets {share or 'what the pairs table says'}{_away(int(metres))}; {_rank(int(better), int(count))}{part}."
        for share, metres, better, count, part in zip(
            shares,
            found.distance[pairs],
            better_elsewhere(outcome),
            standing.candidates[recipient],
            _in_part(outcome, recipient),
            strict=True,
        )
    ]


def _in_part(outcome: Outcome, recipient: Integers) -> list[str]:
    """For each matched pair, that its recipient has fewer NLEs than it may have, if so."""
    found, asked = outcome.found[recipient].tolist(), outcome.problem.supporters[recipient].tolist()
    return [
        f"; found {has} of the {may} NLEs asked for" if has < may else "" for has, may in zip(found, asked, strict=True)
    ]


def area_fits(outcome: Outcome) -> list[Integers]:
    """The share of need met in each area, for each pair of `outcome.matched`, in millionths."""
    found, pairs = outcome.candidates, outcome.matched
    return [area_fit(found.needs, n, found.nle[pairs], found.recipient[pairs]) for n in range(len(AREAS))]


def shown_areas(outcome: Outcome, area: int) -> Flags:
    """Matched pairs whose fit in one area can be told: both sides known, and a need."""
    found, pairs = outcome.candidates, outcome.matched
    recipient, nle = found.recipient[pairs], found.nle[pairs]
    known = found.needs.need_known[area, recipient] & found.needs.expertise_known[area, nle]
    return known & (found.needs.need[area, recipient] > 0)


def _away(metres: int) -> str:
    return f", {metres / 1000:.1f} km away" if metres >= 0 else ""


def _rank(better: int, count: int) -> str:
    if count == 1:
        return "its only candidate"
    if better == 0:
        return f"none of its {count} candidates fits better"
    if better == 1:
        return f"1 of its {count} candidates fits better but serves others"
    return f"{better} of its {count} candidates fit better but serve others"


def why_unmatched(outcome: Outcome, standing: Standing, rows: Integers) -> list[tuple[str, str]]:
    """Reason code and sentence for each of the given recipients, who have no NLE."""
    reasons = []
    for row in rows:
        code = outcome.candidates.last_filter[row]
        count = int(standing.candidates[row])
        if code or outcome.status in NOBODY:
            code = code or NOBODY[outcome.status]
            reasons.append((code, NO_CANDIDATE[code]))
        elif standing.with_room[row]:
            reasons.append(("not-worth-it", _not_worth_it(count)))
        elif standing.holdable[row]:
            reasons.append(("all-in-use", _all_in_use(count)))
        else:
            reasons.append(("no-room", "No NLE who could support it has as much capacity as it takes."))
    return reasons


def _all_in_use(count: int) -> str:
    if count == 1:
        return "The one NLE who could support it is full, and no exchange would be better."
    return f"All {count} NLEs who could support it are full, and no exchange would be better."


def _not_worth_it(count: int) -> str:
    return f"An NLE of its {count} has room, but the pair would lower an objective."

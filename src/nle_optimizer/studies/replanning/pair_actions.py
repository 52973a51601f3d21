"""Decisions on a pair: agreed, started, finished, pinned, or ruled out by somebody."""

from nle_optimizer.records import shortest
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.columns import ENDED
from nle_optimizer.studies.replanning.amendments import BARRED, Amendments
from nle_optimizer.studies.replanning.refusal import RefusedError

GONE = ("withdrawn", "paused")


def agree(desk: Amendments, change: Change) -> None:
    """Both sides agreed: the pair is pinned."""
    _must_stand(desk, change)
    if desk.states[change.pair] == "started":
        raise RefusedError("action", "the pair has started already; take this row out")
    desk.states[change.pair] = "agreed"


def start(desk: Amendments, change: Change) -> None:
    """The support began: the pair is pinned."""
    _must_stand(desk, change)
    desk.states[change.pair] = "started"


def finish(desk: Amendments, change: Change) -> None:
    """The support ended well: the school leaves, what was used of the NLE is gone."""
    _must_stand(desk, change)
    used = {}
    if change.amount is not None:
        used[resource_of(desk, change)] = shortest(change.amount, 6)
    elif change.resource:
        raise RefusedError("amount", f"how much {change.resource} was used is missing", hint="fill it, or neither")
    desk.end(change.pair, change, used)


def pin(desk: Amendments, change: Change) -> None:
    """The pair must be matched, whether it stands or not."""
    school, nle = change.pair
    words = sorted(set(BARRED) & set(desk.relation(change.pair)))
    if words:
        raise RefusedError("action", f"the pair {nle}, {school} is barred ({words[0]}), so it cannot be pinned")
    if desk.states.get(change.pair) in ENDED:
        raise RefusedError("action", f"the pair {nle}, {school} has ended, and an ended pair is not made again")
    status = desk.cell("nles", "status", nle)
    if status in GONE:
        raise RefusedError("nle_id", f"the NLE is {status}, so nothing can be pinned to it", nle)
    if desk.cell("schools", "left_out", school):
        raise RefusedError("school_id", "the school is out, so it cannot be pinned", school)
    desk.require(change.pair, change)


def forbid(desk: Amendments, change: Change) -> None:
    """Somebody rules the pair out."""
    desk.bar(change.pair, change, "forbid")


def school_objects(desk: Amendments, change: Change) -> None:
    """The school objects: on record as such, and ruled out whatever `conflicts.declared` says."""
    desk.bar(change.pair, change, "objects", "forbid")


def nle_declines(desk: Amendments, change: Change) -> None:
    """The NLE declines the school."""
    desk.bar(change.pair, change, "forbid")


def resource_of(desk: Amendments, change: Change) -> str:
    """The resource that a change means: the one it names, or the only one there is."""
    from nle_optimizer.errors import did_you_mean

    known = desk.scenario.resources
    if not change.resource and len(known) == 1:
        return known[0]
    if change.resource not in known:
        what = "this is no resource of the scenario" if change.resource else "there are several resources; name one"
        hint = did_you_mean(change.resource, known) or f"one of {', '.join(known)}"
        raise RefusedError("resource", what, change.resource or None, hint)
    return change.resource


def _must_stand(desk: Amendments, change: Change) -> None:
    if desk.stands(change.pair):
        return
    school, nle = change.pair
    others = sorted(other for whose, other in desk.states if whose == school and desk.stands((whose, other)))
    has = f"{school} has {', '.join(others)}" if others else f"{school} has no NLE"
    state = desk.states.get(change.pair)
    why = f"it is {state}" if state else has
    broken = desk.broken.get(change.pair)
    if broken is not None:
        why = f"{broken.sentence} ({broken.where})"
    raise RefusedError("action", f"the pair {nle}, {school} does not stand: {why}")

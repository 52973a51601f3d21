"""Why a pair was made, in one sentence."""

from collections.abc import Sequence

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import Standing, better_elsewhere
from nle_optimizer.records import Flags, Integers
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.fit import area_fit


def why_matched(outcome: Outcome, standing: Standing, areas: Sequence[Integers]) -> list[str]:
    """A sentence for each matched pair, in the order of `outcome.matched`."""
    found, pairs = outcome.candidates, outcome.matched
    recipient = found.recipient[pairs]
    shown = [shown_areas(outcome, n).tolist() for n in range(len(AREAS))]
    words = [
        [f"{word} {round(share / 10_000)} %" if told else "" for share, told in zip(own.tolist(), known, strict=True)]
        for word, own, known in zip(AREAS, areas, shown, strict=True)
    ]
    columns = (
        [", ".join(filter(None, own)) for own in zip(*words, strict=True)],
        found.distance[pairs].tolist(),
        better_elsewhere(outcome).tolist(),
        np.maximum(standing.holders[recipient], 1).tolist(),
        _in_part(outcome, recipient),
    )
    return [
        f"Meets {share or 'what the pairs table says'}{_away(metres)}; {_rank(better, count)}{part}."
        for share, metres, better, count, part in zip(*columns, strict=True)
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

"""What a run publishes: every table, the summary and the certificate, as the files will hold them."""

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.evidence.alternates import alternates_table, exchanges_of, first_changes
from nle_optimizer.evidence.certificate import certificate_of
from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.evidence.cures import cheapest_cures
from nle_optimizer.evidence.metrics import breakdown_of, pounds, summary_of
from nle_optimizer.evidence.outcome import Outcome, nearest_nles
from nle_optimizer.evidence.reasons import (
    CandidateStanding,
    area_fits,
    shown_areas,
    standing,
    why_matched,
    why_unmatched,
)
from nle_optimizer.records import Flags, Integers, Texts, as_text, fixed, shortest
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.stages.current import locate, stands

CARRIED = ("priority", "region", "local_authority", "phase", "trust_id")


def publish(outcome: Outcome) -> Claim:
    """The content of a run's files."""
    stands, exchanges = standing(outcome), exchanges_of(outcome)
    tables: dict[str, TextTable] = {
        "allocation": _allocation(outcome, stands),
        "unmatched": _unmatched(outcome, stands),
        "exclusions": _exclusions(outcome),
        "nles": _nles(outcome, exchanges),
        "breakdown": breakdown_of(outcome),
        "alternates": alternates_table(outcome, exchanges),
    }
    return Claim(tables, summary_of(outcome), certificate_of(outcome))


def publish_briefly(outcome: Outcome) -> Claim:
    """Who is matched with whom, who is left and who is out, with the figures and the proof; no other text."""
    found, pairs = outcome.candidates, outcome.matched
    tables: dict[str, TextTable] = {
        "allocation": {
            "school_id": found.recipients.ids[found.recipient[pairs]].tolist(),
            "nle_id": found.nles.ids[found.nle[pairs]].tolist(),
            "firmness": _firmness(outcome),
        },
        "unmatched": {"school_id": found.recipients.ids[~outcome.supported].tolist()},
        "exclusions": _exclusions(outcome),
    }
    return Claim(tables, summary_of(outcome), certificate_of(outcome), is_brief=True)


def _firmness(outcome: Outcome) -> list[str]:
    firm = outcome.firm
    return [""] * len(outcome.matched) if firm is None else ["all" if every else "some" for every in firm.tolist()]


def _allocation(outcome: Outcome, stands: CandidateStanding) -> TextTable:
    found, pairs = outcome.candidates, outcome.matched
    recipients, nles = outcome.recipients.take(found.recipient[pairs]), found.nles.take(found.nle[pairs])
    areas = area_fits(outcome)
    columns: dict[str, list[str]] = {
        "school_id": recipients.ids.tolist(),
        "nle_id": nles.ids.tolist(),
        "fit": [fixed(fit, 6) for fit in found.fit[pairs].tolist()],
    }
    for n, area in enumerate(AREAS):
        shown = shown_areas(outcome, n)
        columns[f"fit_{area}"] = [
            fixed(fit, 6) if show else "" for fit, show in zip(areas[n].tolist(), shown.tolist(), strict=True)
        ]
    columns["distance_km"] = [fixed(m, 3) if m >= 0 else "" for m in found.distance[pairs].tolist()]
    for name, use in outcome.use.items():
        columns[name] = [shortest(amount, 6) for amount in use[pairs].tolist()]
    columns["school_name"] = as_text(recipients.column("name"))
    columns["nle_name"] = as_text(nles.column("name"))
    columns["kind"] = [str(kind) for kind in recipients.column("kind").or_else("school")]
    columns |= {name: as_text(recipients.column(name)) for name in CARRIED}
    columns["out_of_region"] = _yes_no(*outcome.out_of_region)
    columns["cost"] = pounds(outcome.cost[pairs].tolist())
    columns["state"] = _states(outcome)
    columns["firmness"] = _firmness(outcome)
    columns["why"] = why_matched(outcome, stands, areas)
    columns["next_best_nle_id"] = _named(found.nles.ids, stands.next_best[found.recipient[pairs]])
    for name in outcome.scenario.schools.extra:
        if name not in columns:
            columns[name] = as_text(recipients.column(name))
    return columns


def _states(outcome: Outcome) -> list[str]:
    """The state of each pair that stands today and stays; `proposed` for any other."""
    current, pairs = outcome.candidates.current, outcome.matched
    if current is None:
        return ["proposed"] * len(pairs)
    rows = np.flatnonzero(stands(current.table))
    at, kept = locate(outcome.candidates.keys[pairs], current.keys[rows])
    states = current.table.column("state").or_else("proposed")[rows]
    return [str(states[n]) if stays else "proposed" for n, stays in zip(at.tolist(), kept.tolist(), strict=True)]


def _yes_no(yes: Flags, known: Flags) -> list[str]:
    return [("yes" if is_so else "no") if told else "" for is_so, told in zip(yes, known, strict=True)]


def _named(ids: Texts, indices: Integers) -> list[str]:
    return [ids[n] if n >= 0 else "" for n in indices.tolist()]


def _unmatched(outcome: Outcome, stands: CandidateStanding) -> TextTable:
    rows = np.flatnonzero(~outcome.supported)
    left = outcome.recipients.take(rows)
    reasons = why_unmatched(outcome, stands, rows)
    nle, distance = nearest_nles(outcome, rows)
    first, of_each_kind = cheapest_cures(outcome, rows)
    return {
        "school_id": left.ids.tolist(),
        "reason": [code for code, _ in reasons],
        "explanation": [text for _, text in reasons],
        **first,
        "nearest_nle_id": _named(outcome.candidates.nles.ids, nle),
        "nearest_km": [fixed(m, 3) if m >= 0 else "" for m in distance.tolist()],
        "name": as_text(left.column("name")),
        "local_authority": as_text(left.column("local_authority")),
        "priority": as_text(left.column("priority")),
        "days_waiting": as_text(left.column("days_waiting")),
        **of_each_kind,
    }


def _exclusions(outcome: Outcome) -> TextTable:
    entries = outcome.exclusions
    return {
        "school_id": [entry.school_id for entry in entries],
        "stage": [entry.stage for entry in entries],
        "reason": [entry.reason for entry in entries],
        "evidence": [entry.evidence for entry in entries],
    }


def _nles(outcome: Outcome, exchanges: Exchanges | str) -> TextTable:
    supply = outcome.supply
    used = np.zeros_like(supply.capacity)
    used[:, supply.available] = outcome.used
    columns: dict[str, list[str]] = {
        "nle_id": supply.nles.ids.tolist(),
        "state": _states_of_nles(outcome),
        "reason": supply.reason.tolist(),
    }
    for n, name in enumerate(outcome.use):
        known = supply.capacity_known[n].tolist()
        capacity = supply.capacity[n].tolist()
        columns[f"capacity_{name}"] = [
            shortest(amount, 6) if told else "" for amount, told in zip(capacity, known, strict=True)
        ]
        columns[f"used_{name}"] = [shortest(amount, 6) for amount in used[n].tolist()]
    return {**columns, **_one_place(outcome, exchanges)}


def _states_of_nles(outcome: Outcome) -> list[str]:
    """`out`, `works-nowhere` (it lists regions, and no school or trust is in any of them), or `available`."""
    scenario, supply = outcome.scenario, outcome.supply
    tables = [table for table in (scenario.schools, scenario.trusts) if table is not None]
    regions = {text.casefold() for table in tables for text in table.values("region").tolist() if text}
    lists = supply.nles.values("regions").tolist()
    elsewhere = [bool(regions and names) and not regions & {name.casefold() for name in names} for names in lists]
    return [
        "out" if not free else "works-nowhere" if nowhere else "available"
        for free, nowhere in zip(supply.available.tolist(), elsewhere, strict=True)
    ]


def _one_place(outcome: Outcome, exchanges: Exchanges | str) -> TextTable:
    """What one place more and one fewer at each NLE change of the first objective; blank where that is not known."""
    available = outcome.supply.available
    columns = {name: [""] * len(available) for name in ("one_more", "one_fewer")}
    if isinstance(exchanges, str):
        return columns
    nles = np.arange(len(outcome.candidates.nles))
    for name, changes in zip(columns, (exchanges.one_more_place(nles), exchanges.one_fewer_place(nles)), strict=True):
        for row, text in zip(np.flatnonzero(available).tolist(), first_changes(changes), strict=True):
            columns[name][row] = text
    return columns

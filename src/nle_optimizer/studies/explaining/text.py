"""Answers on a terminal."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import click

from nle_optimizer.model.problem import counted
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.reports.words import amount_of_level, level_in_words
from nle_optimizer.scenario.setting_sections import MINIMISED
from nle_optimizer.studies.comparison.tables_text import heading, wrapped
from nle_optimizer.studies.explaining.prices import AGAIN, BLANK

Document = Mapping[str, Any]
TIER = "schools_supported[priority="
CURES = {
    "capacity": "More at an NLE",
    "reach": "A longer way",
    "minimum_fit": "A lower minimum fit",
    "conflict": "A conflict lifted",
}


def explanation_text(told: Document) -> str:
    """An answer in words."""
    parts = {"school": _school, "nle": _nle, "pair": _pair}
    lines = list(parts[told["about"]](told))
    source = told.get("prices_from", "network")
    if source != "network":
        lines += [
            "",
            *wrapped(f"What others would cost is not told here: {source}. Ask about a pair by both names.", "", ""),
        ]
    return "\n".join(lines)


def _title(told: Document, identifier: str) -> Iterator[str]:
    name = one_line(told.get("name", ""), 60)
    yield click.style(f"{identifier} {name}".rstrip(), bold=True)
    facts = [told[key] for key in ("phase", "local_authority", "region") if told.get(key)]
    if told.get("priority"):
        facts.append(f"priority {told['priority']}")
    if facts:
        yield one_line(", ".join(facts))


def _school(told: Document) -> Iterator[str]:
    yield from _title(told, told["school_id"])
    if told["state"] == "excluded":
        yield from _excluded(told)
        return
    if told["needs"]:
        yield "Need: " + ", ".join(f"{area} {_short(need)}" for area, need in told["needs"].items())
    for own in told["nles"]:
        yield from wrapped(f"Supported by {_named(own)}: fit {_short(own['fit'])}{_areas(own)}{_away(own)}.", "", "  ")
    if not told["nles"]:
        yield from wrapped(f"Left out ({told['reason']}): {told['explanation']}", "", "  ")
        yield from _blocked(told["obstacles"])
    yield from _candidates(told)
    for kind, title in CURES.items():
        if told.get("cures", {}).get(kind):
            yield from heading(f"{title} would serve it, everybody else as now")
            for cure in told["cures"][kind]:
                yield from wrapped(_cure(kind, cure, told), "  - ", "    ")
    if "cures" in told and not told["cures"]:
        yield from heading("What it would take")
        yield from wrapped(
            "No single change of a place, a distance, the minimum fit or a conflict would serve it.", "  "
        )


def _blocked(obstacles: Document) -> Iterator[str]:
    if obstacles:
        counts = ", ".join(f"{code} {count:,}" for code, count in obstacles.items())
        yield from wrapped(f"NLEs ruled out for it, by each filter that removes them: {counts}.", "", "  ")


def _candidates(told: Document) -> Iterator[str]:
    if not told["candidates"]:
        return
    yield from heading("Its candidates by fit, and what each would cost")
    for each in told["candidates"]:
        own = "its own" if each["is_its_own"] else _price(each.get("forced"), told)
        own = "too small, even with nobody else" if each["is_too_small"] else own
        words = f"{each['rank']}. {_named(each)}: fit {_short(each['fit'])}{_away(each)}; {own}"
        yield from wrapped(words, "  ", "     ")


def _price(price: Document | None, told: Document) -> str:
    """What a change costs or gains on every objective, what becomes of each priority, and who moves."""
    if price is None:
        return "not worked out"
    if not price["possible"]:
        return "is not what the rule would give" if price["method"] == AGAIN else "no allocation has it"
    if not price["exact"]:
        return f"changes {level_in_words(told['objective'])} by {price['least'] or '?'} to {price['most'] or '?'}"
    moves = "; ".join(price["who_moves"]) or "nobody else moves"
    return f"{'; '.join(_costs(price))}: {moves}"


def _costs(price: Document) -> Iterator[str]:
    """What changes, a part each: objectives that are no distances, each priority, fit and distance in all."""
    levels = {each["name"]: _gain(each) for each in price["levels"] if each["change"] is not None}
    tiers = [gain for name, gain in levels.items() if name.startswith(TIER)]
    if any(levels.values()):
        as_many = {"schools_supported": Decimal(0)} if tiers and not any(tiers) else {}
        sums = {name: gain for name, gain in levels.items() if not name.startswith((*MINIMISED, TIER))}
        yield from _sums({**as_many, **sums})
    else:
        yield "costs nothing" if len(levels) == len(price["levels"]) else f"costs nothing of {', '.join(levels)}"
    for tier, counts in (price["by_priority"] or {}).items():
        if counts["now"] != counts["then"]:
            which = "without a priority" if tier == BLANK else f"priority {tier}"
            yield f"{which}: {counts['then']:,} instead of {counts['now']:,} supported"
    totals = {"fit": price["total_fit"], "distance": price["total_distance_km"]}
    amounts = {name: -gain for name, gain in levels.items() if name.startswith(MINIMISED)}
    amounts |= {name: Decimal(total) for name, total in totals.items() if name not in levels and total is not None}
    for name, more in amounts.items():
        if more:
            amount = f"{abs(more):.3g} fit" if name == "fit" else amount_of_level(name.split(" (")[0], float(abs(more)))
            yield f"{amount} {'more' if more > 0 else 'less'}"


def _gain(level: Document) -> Decimal:
    """By how much a level is better."""
    change = Decimal(level["change"])
    return change if level["sense"] == "maximise" else -change


def _sums(levels: Mapping[str, Decimal]) -> Iterator[str]:
    """What is lost of some objectives, of which nothing is, and what is gained."""
    amounts = {name: f"{abs(float(gain)):.6g} of {level_in_words(name)}" for name, gain in levels.items()}
    lost, gained = ([amounts[name] for name, gain in levels.items() if sign * gain > 0] for sign in (-1, 1))
    kept = [level_in_words(name) for name, gain in levels.items() if not gain]
    nothing = [f"nothing of {' or '.join(kept)}"] if kept else []
    if lost or (kept and not gained):
        yield f"costs {' and '.join([*lost, *nothing])}"
    if gained:
        yield f"gains {' and '.join(gained)}"


def _cure(kind: str, cure: Document, told: Document) -> str:
    aim = level_in_words(told["objective"])
    gain = f"; {aim} changes by {_signed(cure['change'])}" if cure.get("change") else ""
    if kind == "capacity":
        best = ""
        if cure.get("value_of_one_more"):
            best = f"; if others may move too, one more place is worth {_signed(cure['value_of_one_more'])}"
        more = counted(cure["amount"], f"more {cure['resource']}")
        return f"{more} at {cure['nle_id']}{gain}{best}"
    where = f"{cure['nle_id']} (fit {_short(cure['fit'])}{_away(cure)})"
    words = {
        "reach": lambda: f"{cure['more_km']} km more than {cure['limit_km']} km, to {where}",
        "minimum_fit": lambda: f"a minimum of {_short(cure['fit'])} instead of {cure['minimum_now']}, for {where}",
        "conflict": lambda: f"{cure['conflict']} with {where}",
    }
    return words[kind]() + gain


def _excluded(told: Document) -> Iterator[str]:
    yield from wrapped(f"Out at the stage {told['stage']} ({told['reason']}): {told['evidence']}.", "", "  ")
    yield from wrapped(f"It would be back if {told['back_if']}.", "", "  ")
    for rule in told.get("rules", ()):
        yield f"  {rule['rule']}:"
        for unmet in rule["unmet"]:
            yield from wrapped(
                f"{unmet['column']} is {unmet['is']}, and must be {unmet['must_be']}", "    - ", "      "
            )


def _nle(told: Document) -> Iterator[str]:
    yield from _title(told, told["nle_id"])
    if told["state"] == "out":
        yield f"Out: {told['reason']}."
        return
    for resource, amounts in told["capacity"].items():
        yield f"Has {counted(amounts['has'], resource)}, gives {amounts['gives']}."
    yield _could_support(told)
    yield from heading("Supports")
    for each in told["schools"] or ():
        yield from wrapped(f"{_whose(each)}: fit {_short(each['fit'])}{_away(each)}", "  - ", "    ")
    if not told["schools"]:
        yield "  nobody"
    if told["next_best"]:
        yield from heading("Who else it fits best, and what that would cost")
        for each in told["next_best"]:
            has = f"has {', '.join(each['has'])}" if each["has"] else "left out"
            words = (
                f"{_whose(each)} ({has}): fit {_short(each['fit'])}{_away(each)}; {_price(each.get('forced'), told)}"
            )
            yield from wrapped(words, "  - ", "    ")
    for key, words in (("one_more", "One place more"), ("one_fewer", "One place fewer")):
        if key in told:
            yield from wrapped(f"{words} {_price(told[key], told)}.", "", "  ")


def _could_support(told: Document) -> str:
    count, held = told["candidates"], told["could_hold"]
    small = (
        ""
        if count == held
        else f", and has as much in all as {held:,} of them takes"
        if held == 1
        else f", and has as much in all as {held:,} of them take"
        if held
        else ", and has less in all than any of them takes"
    )
    return f"Could support {counted(str(count), 'schools')}{small}."


def _pair(told: Document) -> Iterator[str]:
    yield click.style(f"{told['school_id']} with {told['nle_id']}", bold=True)
    for out in told.get("out", ()):
        identifier = out.get("school_id") or out["nle_id"]
        yield from wrapped(f"{identifier} is out: {out['reason']}. Ask about it alone to see more.", "", "  ")
    if told.get("out"):
        return
    state = "Matched" if told["is_matched"] else "A candidate, not matched" if told["is_candidate"] else "No candidate"
    fit = f", fit {_short(told['fit'])}{_areas(told)}" if told["fit"] else ""
    yield from wrapped(f"{state}{fit}{_away(told)}.", "", "  ")
    if told["obstacles"] and told["is_candidate"]:
        yield "Agreed today, so it stays although a limit that came later is against it:"
    for each in told["obstacles"]:
        yield from wrapped(f"{each['code']}: {each['why']}", "  - ", "    ")
    if told["is_candidate"]:
        yield from _standing(told)


def _standing(told: Document) -> Iterator[str]:
    yield f"Fits number {told['rank']} of the school's {told['candidates']:,} candidates."
    if told["is_required"]:
        yield "It is required, or agreed."
    if told["is_matched"]:
        if "in_every_optimum" in told:
            firm = "It stands in every best allocation." if told["in_every_optimum"] else "Others as good are possible."
            yield firm
        if "without_it" in told:
            yield from wrapped(f"To do without it {_price(told['without_it'], told)}.", "", "  ")
        return
    room = (
        "has room" if told["has_room"] else "is too small, even with nobody else" if told["is_too_small"] else "is full"
    )
    instead = " and ".join(_named(each) for each in told["instead"]) or "nobody"
    yield from wrapped(f"The NLE {room}; the school has {instead} instead.", "", "  ")
    yield from wrapped(f"To force it {_price(told['forced'], told)}.", "", "  ")


def _named(each: Document) -> str:
    return f"{each['nle_id']} {one_line(each.get('nle_name', ''), 40)}".rstrip()


def _whose(each: Document) -> str:
    return f"{each['school_id']} {one_line(each['school_name'], 40)}".rstrip()


def _areas(each: Document) -> str:
    shares = [f"{area} {float(share):.0%}" for area, share in each.get("by_area", {}).items()]
    return f" ({', '.join(shares)})" if shares else ""


def _away(each: Document) -> str:
    return f", {float(each['distance_km']):.1f} km" if each["distance_km"] else ""


def _short(number: str) -> str:
    return f"{float(number):.3f}"


def _signed(number: str) -> str:
    return f"{float(number):+.6g}"

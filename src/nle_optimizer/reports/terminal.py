"""What `run` prints: a summary that fits a screen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from nle_optimizer.catalogue.summary import Counts, Summary
from nle_optimizer.errors import visible
from nle_optimizer.reports.words import aim_in_words, amount_of_level, group_in_words, level_in_words
from nle_optimizer.result import Beside, Result

WIDTH = 78
MOST_REASONS = 5
MOST_LEVELS = 5
MOST_LIMITS = 2
"""Limits that are named, so that the whole fits a terminal of 24 lines."""

BY_HAND = {
    "nearest": "Nearest NLE first",
    "by-need": "Greatest need first",
    "by-priority": "By priority, arrival",
    "first-come": "By arrival",
}
"""What simple rules are called."""
STOPPED = {
    "time": "Stopped when the time was over",
    "work": "Stopped after the work it was given",
    "gap": "Stopped at a gap that was good enough",
    "interrupt": "Stopped by you",
    "solver": "Stopped because the solver's process ended twice (perhaps memory ran out)",
}


def summary_text(result: Result, folder: Path) -> str:
    """The summary of a run, for a terminal; colours are dropped where there is none."""
    summary = result.claim.summary
    title = one_line(summary["title"]) or summary["scenario"]
    lines = [click.style(title, bold=True), click.style("─" * min(WIDTH, max(len(title), 40)), dim=True)]
    lines += _flow(summary["counts"])
    lines.append("")
    lines += _quality(summary)
    lines += [line for each in result.beside() for line in _beside(each, summary)]
    lines += _limits(summary["constraints"])
    if summary["stopped"]:
        found = "nothing was found yet" if summary["status"] == "unknown" else "this is the best found"
        lines.append(f"  {STOPPED[summary['stopped']]}: {found}.")
    lines += _listed("No allocation meets every requirement:", summary.get("clashes", ()))
    lines += _listed("What would mend it, each by itself:", summary.get("repairs", ()))
    lines += _reasons("Left out because", result.claim.tables["unmatched"]["reason"])
    lines += _reasons("NLEs out because", [reason for reason in result.claim.tables["nles"]["reason"] if reason])
    lines += _reasons("Excluded because", result.claim.tables["exclusions"]["reason"])
    lines += _reasons("Findings", [found["code"] for found in summary["findings"]])
    verified, place = "Verified a second time from its inputs.", f"Run folder: {folder}"
    fits = len(verified) + 1 + len(place) <= WIDTH
    lines += ["", *([f"{verified} {place}"] if fits else [verified, place])]
    return "\n".join(lines)


def _beside(beside: Beside, summary: Summary) -> list[str]:
    """What a simple rule would give beside this run, and what that lacks where it has more of something."""
    total = summary["metrics"]["total_fit"] or 0
    share = round(beside.total_fit / total - 1, 3) if total else 0
    told = f", {abs(share):.1%} {'more' if share > 0 else 'less'}" if share else ""
    note = f"supported, total fit {beside.total_fit:,.1f}{told}"
    lines = [_row(BY_HAND[beside.rule], f"{beside.supported:,}", note)]
    has_more = beside.total_fit > total or beside.supported > summary["counts"]["supported"]
    if has_more or beside.ahead or beside.missed:
        text = _lacks(beside, summary)
        lines += wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return lines


def _lacks(beside: Beside, summary: Summary) -> str:
    """What a simple rule lacks, or why it may be better than this run."""
    if beside.missed:
        more = f" (and {len(beside.missed) - 1} more limits)" if len(beside.missed) > 1 else ""
        return f"but it breaks a limit{more}: {beside.missed[0]}"
    worse = ""
    if beside.behind is not None:
        name, own, ours = beside.behind
        worse = f"{level_in_words(name)}: {amount_of_level(name, own)} against {amount_of_level(name, ours)}"
    if not beside.ahead:
        return f"but {worse}" if worse else "and your objectives are the same"
    if summary["status"] == "completed":
        why = f"the rule {summary['rule']} does not look for the best plan"
    elif summary["status"] == "feasible":
        gap = next((level["gap"] for level in summary["objectives"] if not level["proved"]), None)
        why = "yours is not proved" + ("" if gap is None else f", and has a gap of {gap:.2%}")
    else:
        why = "your objectives let a later one take from it"
    return f"better by your objectives: {why}" + (f"; but {worse}" if worse else "")


def one_line(text: str, width: int = WIDTH) -> str:
    """Text as one line: no line ends, nothing that controls a terminal, not longer than `width`."""
    shown = visible("".join(" " if letter.isspace() else letter for letter in text).strip())
    return shown if len(shown) <= width else f"{shown[: width - 3]}..."


def _listed(title: str, sentences: Sequence[str]) -> list[str]:
    if not sentences:
        return []
    told = [wrap(text, WIDTH, initial_indent="  - ", subsequent_indent="    ") for text in sentences[:MOST_REASONS]]
    more = [f"  - and {len(sentences) - MOST_REASONS} more, in summary.json"] if len(sentences) > MOST_REASONS else []
    return [f"  {title}", *(line for lines in told for line in lines), *more]


def _row(label: str, value: str, note: str = "") -> str:
    return f"  {label:<22}{value:>10}" + (click.style(f"   {note}", dim=True) if note else "")


def _flow(counts: Counts) -> list[str]:
    formed = f"and {counts['recipients_formed']:,} trusts formed" if counts["recipients_formed"] else ""
    trusts = f"{counts['matched_to_trust']:,} matched with a trust"
    tell = f", {counts['cannot_tell']:,} cannot be told" if counts["cannot_tell"] else ""
    share = f"{counts['supported'] / counts['eligible']:.0%} of those eligible" if counts["eligible"] else ""
    share += f", {counts['part_supported']:,} in part" if counts["part_supported"] else ""
    idle = counts.get("nles_without_capacity", 0)
    nothing = f", {idle:,} of them without any capacity" if idle else ""
    return [
        _row("Schools read", f"{counts['schools_read']:,}", formed),
        _row("Excluded", f"{counts['excluded']:,}", trusts + tell),
        _row("Eligible", f"{counts['eligible']:,}", f"{counts['pairs']:,} candidate pairs"),
        _row("Supported", f"{counts['supported']:,}", share),
        _row("Left out", f"{counts['unmatched']:,}"),
        _row("NLEs", f"{counts['nles']:,}", f"{counts['nles_available']:,} available{nothing}"),
    ]


def _quality(summary: Summary) -> list[str]:
    metrics = summary["metrics"]
    lines = [_row("Mean fit", _number(metrics["mean_fit"], 3), f"least {_number(metrics['min_fit'], 3)}")]
    far = _number(metrics["max_distance_km"], 1)
    lines.append(_row("Mean distance", f"{_number(metrics['mean_distance_km'], 1)} km", f"farthest {far} km"))
    lines.append(_row("Out of region", f"{metrics['out_of_region']:,}"))
    levels = summary["objectives"]
    lines += [_row(_label(level["name"]), _reached(level), _proof(level)) for level in levels[:MOST_LEVELS]]
    if len(levels) > MOST_LEVELS:
        lines.append(_row("Further objectives", f"{len(levels) - MOST_LEVELS:,}", "in summary.json"))
    for name, figures in summary["capacity"].items():
        if "asked" in figures:
            note = f"asked {figures['asked']:,.2f}, in whole ones {figures['given']:,.2f}"
            lines.append(_row(f"{name.capitalize()} multiplied"[:21], f"{figures['given']:,.0f}", note))
    if summary["firm_pairs"] is not None and summary["firm_pairs"] < summary["counts"]["matched_pairs"]:
        others = summary["counts"]["matched_pairs"] - summary["firm_pairs"]
        lines.append(_row("Ties", f"{others:,}", "pairs that another optimal allocation would change"))
    return lines


def _reached(level: Mapping[str, Any]) -> str:
    return amount_of_level(level["name"], level["value"])


def _proof(level: Mapping[str, Any]) -> str:
    """What is known of a level: that it is optimal, and on whose word, or how much more there might be.

    Of a blend, what it is made of stands beside it, where there is room.
    """
    made_of = aim_in_words(level).partition(": ")[2] if level.get("parts") else ""
    for kilometres in ("distance in km", "distance"):
        made_of = made_of.replace(kilometres, "km")
    if level["bound"] is None:
        told = ""
    elif level["proved"]:
        told = "optimal, by the solver's word" if level["proof"] == "solver" else "proved optimal"
    else:
        limit = "at most" if level["sense"] == "maximise" else "at least"
        told = f"{limit} {amount_of_level(level['name'], level['bound'])}, a gap of {level['gap']:.2%}"
    both = "; ".join(filter(None, (told, made_of)))
    return both if len(both) <= WIDTH - len(_row("", "")) - 3 else told


def _limits(constraints: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which constraints stand at a limit, as many as fit."""
    labels = [found["label"] for found in constraints if found["binding"]]
    if not constraints:
        return []
    rest = f" and {len(labels) - MOST_LIMITS} more" if len(labels) > MOST_LIMITS else ""
    named = f": {', '.join(labels[:MOST_LIMITS])}{rest}" if labels else ""
    text = f"Limits reached, {len(labels):,} of {len(constraints):,}{named}"
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _label(name: str) -> str:
    """A level's name, short enough for the column: `Supported, priority 1`."""
    base, _, tier = name.removesuffix("]").partition("[")
    words = base.removeprefix("schools_").replace("_", " ").capitalize()
    return one_line(f"{words}, {group_in_words(tier)}" if tier else words, 22)


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _reasons(title: str, reasons: Any) -> list[str]:
    common = Counter(reasons).most_common()
    if not common:
        return []
    shown = [f"{reason} {count:,}" for reason, count in common[:MOST_REASONS]]
    more = sum(count for _, count in common[MOST_REASONS:])
    text = f"{title}: " + ", ".join(shown + ([f"others {more:,}"] if more else []))
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)

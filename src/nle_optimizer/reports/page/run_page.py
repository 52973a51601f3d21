"""`report.html` of a run: a summary, a map, tables, charts, and what it all rests on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.catalogue.findings import FINDINGS
from nle_optimizer.reports.charts import charts_of
from nle_optimizer.reports.map_picture import map_of
from nle_optimizer.reports.page.render import render
from nle_optimizer.reports.page.run_tables import tables_of
from nle_optimizer.reports.view import View
from nle_optimizer.reports.words import (
    STAGES,
    amount_of_level,
    level_in_words,
    nle_names,
    part,
    proof_in_words,
    school_names,
    worded,
)

SCRIPTS = ("read.js", "table.js", "filters.js", "projection.js", "map.js", "key.js", "entry.js", "run.js")
MOST_REASONS = 6
MOST_FINDINGS = 3
"""Findings of one code that are shown; the rest are counted."""
TABLE_NAMES = {"nles": "NLEs", "current": "what stands today", "pairs": "listed pairs"}


def run_page(view: View) -> bytes:
    """The page; the same bytes for the same view."""
    summary = view.summary
    tables = tables_of(view)
    data = {"tables": {table["name"]: table for table in tables}, "map": map_of(view), "shared": view.is_shared}
    return render(
        "run.html",
        SCRIPTS,
        data,
        title=summary.get("title") or summary["scenario"],
        summary=summary,
        counts=Counter(summary["counts"]),
        metrics={**dict.fromkeys(METRICS), **summary["metrics"]},
        proof=proof_in_words(summary["status"], summary["objectives"], summary["rule"]),
        reasons=_counted(view.rows("unmatched")["reason"]),
        nle_reasons=_counted([reason for reason in view.rows("nles")["reason"] if reason]),
        flow=_flow(view),
        tables=tables,
        farthest=_farthest(view),
        spread=_spread(view),
        further_leads=LEADS,
        drawn=_drawn(view),
        kept=_kept(view),
        charts=charts_of(view),
        findings=_findings(view),
        settings=_settings(view),
        vintage=_vintage(view),
        view=view,
    )


METRICS = (
    *("coverage", "mean_fit", "min_fit", "mean_distance_km", "max_distance_km", "out_of_region"),
    *("mean_need_supported", "mean_need_eligible"),
)
LEADS = {
    "alternates": "Who else could support a school, should its pair fall through or a place come free; best first.",
    "moves": "What is otherwise than in the plan before, and why.",
    "decisions": "Who decided what since the first plan, in order; what was taken back no longer counts.",
    "this_plan": "Needs and expertise were drawn at random around their estimates, and some declined. Here this plan "
    "stays as it is: who declines is not replaced. From and to leave out the least and the greatest of each 40 draws. "
    "A new plan is made for each draw, knowing it; a draw counts at the first objective in which that plan is better, "
    "and a mean loss is over all draws.",
    "uncertainty": "For each of those draws a new plan was made. From and to leave out the least and the greatest of "
    "each 40.",
    "pair_shares": "Of the plans made anew for those draws, the share that has each pair: firm from 0.9, likely from "
    "0.6, open from 0.3, else toss-up.",
    "school_shares": "Of the plans made anew for those draws, the share in which each school has an NLE.",
    "weights": "The weight of one area at a time, the others as they are. Between its two ends no other plan is "
    "better. A loss is told in the first objective in which another plan is better.",
}


def _counted(codes: Sequence[str]) -> list[tuple[str, int]]:
    counts = Counter(codes).most_common()
    shown = [(worded(code), count) for code, count in counts[:MOST_REASONS]]
    rest = sum(count for _, count in counts[MOST_REASONS:])
    return [*shown, *([("Other reasons", rest)] if rest else [])]


def _flow(view: View) -> list[dict[str, Any]]:
    """The way from schools read to schools supported, a step each."""
    counts, rows = Counter(view.summary["counts"]), view.rows("exclusions")
    steps: list[dict[str, Any]] = [_step("Schools read", counts["schools_read"])]
    if counts["recipients_formed"]:
        steps.append(_step("Trusts formed as recipients", counts["recipients_formed"]))
    left: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}
    for stage, reason in zip(rows["stage"], rows["reason"], strict=True):
        left.setdefault(stage, Counter())[reason] += 1
    for stage, reasons in left.items():
        if reasons:
            why = [(worded(code), count) for code, count in reasons.most_common()]
            steps.append(_step(worded(stage, STAGES), -reasons.total(), "out", why))
    steps += [
        _step("Eligible", counts["eligible"], "total"),
        _step("Left out", -counts["unmatched"], "out", _counted(view.rows("unmatched")["reason"])),
        _step("Supported", counts["supported"], "total"),
    ]
    return steps


def _step(label: str, count: int, kind: str = "", reasons: Sequence[tuple[str, int]] = ()) -> dict[str, Any]:
    return {"label": label, "count": count, "kind": kind, "reasons": reasons}


def _farthest(view: View) -> dict[str, str] | None:
    """The pair that is farthest apart; of a shared copy none is told."""
    rows = view.rows("allocation")
    apart = [float(cell) if cell else -1.0 for cell in rows["distance_km"]] if not view.is_shared else []
    if not apart or max(apart) < 0:
        return None
    at = apart.index(max(apart))
    school, nle = rows["school_id"][at], rows["nle_id"][at]
    return {"school": school_names(view).get(school) or school, "nle": nle_names(view).get(nle) or nle}


def _drawn(view: View) -> dict[str, str] | None:
    """From how many to how many schools were supported when estimates were drawn anew, and how often that was done."""
    rows = view.rows("uncertainty")
    cells = zip(rows["metric"], rows["low"], rows["high"], rows["draws"], strict=True)
    found = [(low, high, draws) for metric, low, high, draws in cells if metric == "supported" and low and high]
    return (
        {"low": f"{float(found[0][0]):,.0f}", "high": f"{float(found[0][1]):,.0f}", "draws": found[0][2]}
        if found
        else None
    )


def _kept(view: View) -> dict[str, Any] | None:
    """The plan kept as it is in the draws: the objective that carries fit, in words."""
    told = part(view, "this_plan")
    if not told or told.get("mean") is None:
        return None
    name, level = str(told["objective"]), view.summary["objectives"][told["level"] - 1]
    amounts = {word: amount_of_level(name, told[word]) for word in ("mean", "low", "high")}
    planned = amount_of_level(name, level["value"])
    counts = {"compared": told["compared"], "better": told["compared"] - told["as_good"]}
    return {**amounts, **counts, "planned": planned, "name": level_in_words(name)}


def _spread(view: View) -> dict[str, Any] | None:
    """The regions with the least and the greatest share of their eligible schools supported."""
    rows = view.rows("breakdown")
    cells = zip(rows["group"], rows["value"], rows["coverage"], strict=True)
    shares = [(float(share), region) for group, region, share in cells if group == "region" and region and share]
    if len(shares) < 2:
        return None
    (low, least), (high, most) = min(shares), max(shares)
    return {"low": low, "least": least, "high": high, "most": most}


def _settings(view: View) -> list[dict[str, Any]]:
    """Every setting in force; those that somebody chose come first."""
    rows = [
        {"key": key, "value": _told(setting.value), "origin": setting.origin, "chosen": setting.origin != "default"}
        for key, setting in view.settings.items()
        if not key.startswith("data.")
    ]
    return sorted(rows, key=lambda row: not row["chosen"])


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_told(entry)}" for key, entry in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_told(entry) for entry in value)
    return str(value)


def _findings(view: View) -> list[tuple[str, list[str], int]]:
    """What each code of the findings means, the first of them with their places, and how many there are."""
    by_code: dict[str, list[str]] = {}
    for found in view.findings:
        at = found["row"] or found["line"]
        place = ", ".join(filter(None, (found["file"], f"row {at}" if at else "", found["column"])))
        by_code.setdefault(found["code"], []).append(f"{place}: {found['text']}")
    return [(FINDINGS.get(code, code), told[:MOST_FINDINGS], len(told)) for code, told in by_code.items()]


def _vintage(view: View) -> list[tuple[str, str]]:
    """What the data are, and of when."""
    schools = view.read("schools")
    rows = [(f"Rows of {TABLE_NAMES.get(name, name)}", f"{len(view.read(name)):,}") for name in view.inputs]
    for column, label in (("latest_inspected", "Latest inspection known"), ("arrived", "Latest arrival of a case")):
        if schools.filled(column):
            rows.append((label, max(schools[column])))
    if as_of := view.settings.get("as_of"):
        rows.insert(0, ("Everything counts up to", str(as_of.value)))
    needs = view.summary.get("needs", {})
    told = ", ".join(f"{count:,} {word}" for word, count in needs.items() if count)
    return [*rows, ("Needs of the eligible schools", told or "none")]

"""The record of a decision: logs in the sense of the AQuA Book, and a draft of the transparency record.

The Aqua Book: guidance on producing quality analysis (HM Treasury); Algorithmic Transparency Recording Standard
(Department for Science, Innovation and Technology). Everything stated is a fact of the run; what only people know is
marked.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nle_optimizer.errors import visible
from nle_optimizer.reports.view import View
from nle_optimizer.reports.words import aim_in_words, amount_of_level, nle_names, proof_in_words, school_names

FOLDER = "record"
TO_FILL = "**[to be filled in]**"
CHOICES = (
    "eligibility",
    "trust_first",
    "geography",
    "suitability",
    "conflicts",
    "fit",
    "capacity",
    "objectives",
    "offer",
)
"""Groups of settings that are judgements."""
DEFAULT = "default"


def record(view: View, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the record by their path in the run folder."""
    pages = {
        "assumptions.md": _assumptions(view),
        "data.md": _data(view, manifest),
        "decisions.md": _decisions(view),
        "verification.md": _verification(view, manifest),
        "transparency-record.md": _transparency(view, manifest),
    }
    return {f"{FOLDER}/{name}": (visible("\n".join(lines)) + "\n").encode() for name, lines in pages.items()}


def _title(view: View) -> str:
    return str(view.summary.get("title") or view.summary["scenario"])


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())


def _assumptions(view: View) -> Iterator[str]:
    yield f"# Assumptions log: {_title(view)}"
    yield ""
    yield "Every setting that is a judgement, whether chosen or left as it comes. People rate quality and effect."
    yield ""
    judged = [(key, setting) for key, setting in view.settings.items() if key.split(".")[0] in CHOICES]
    rows = [
        [
            n,
            f"`{key}`",
            setting.value,
            "left as it comes" if setting.origin == DEFAULT else setting.origin,
            TO_FILL,
            TO_FILL,
            TO_FILL,
        ]
        for n, (key, setting) in enumerate(judged, start=1)
    ]
    yield from _table(["no", "setting", "value", "where from", "why", "quality", "effect on the result"], rows)


def _data(view: View, manifest: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Data log: {_title(view)}"
    yield ""
    inputs = manifest.get("inputs", {})
    rows = [[name, told["file"], f"`{told['sha256']}`", TO_FILL, TO_FILL] for name, told in inputs.items()]
    yield from _table(["table", "file", "SHA-256", "source and date", "known limits"], rows)
    yield ""
    needs = view.summary["needs"]
    yield f"Needs: {needs['assessed']:,} assessed, {needs['proxy']:,} by a proxy, {needs['unknown']:,} not known."
    counts = view.summary["counts"]
    if counts.get("cannot_tell"):
        yield f"{counts['cannot_tell']:,} schools cannot be told eligible or not: blank cells (exclusions.csv)."
    as_of = view.settings.get("as_of")
    yield f"As of: {as_of.value if as_of is not None else TO_FILL}."
    yield "NLEs: " + TO_FILL + " (say whether they are people, or synthetic)."


def _decisions(view: View) -> Iterator[str]:
    yield f"# Decisions log: {_title(view)}"
    yield ""
    yield "What the program proposed. Who agreed to it, and when, is for people to write."
    yield ""
    rows, schools, nles = view.rows("allocation"), school_names(view), nle_names(view)
    pairs = zip(rows["school_id"], rows["nle_id"], rows["state"], rows["why"], strict=True)
    told = [[_both(school, schools), _both(nle, nles), state, why, TO_FILL] for school, nle, state, why in pairs]
    yield from _table(["school", "NLE", "state", "why", "decided by, when"], told)
    yield ""
    made = view.rows("decisions")
    if len(made):
        yield "Decisions that the plan follows, from decisions.csv; `nle-optimizer verify` checks their chain."
        yield ""
        names = (
            "number",
            "date",
            "action",
            "school_id",
            "nle_id",
            "trust_id",
            "key",
            "value",
            "by",
            "note",
            "undone_by",
        )
        heads = [name.replace("_id", "").replace("_", " ") for name in names]
        yield from _table(heads, list(zip(*(made[name] for name in names), strict=True)))
        yield ""
    left = view.rows("unmatched")
    yield f"Left without an NLE: {len(left):,} schools, each with its reason in unmatched.csv."


def _both(identifier: str, names: Mapping[str, str]) -> str:
    name = names.get(identifier, "")
    return identifier if name in ("", identifier) else f"{identifier} {name}"


def _verification(view: View, manifest: Mapping[str, Any]) -> Iterator[str]:
    summary = view.summary
    short, why = proof_in_words(summary["status"], summary["objectives"], summary["rule"])
    yield f"# Verification statement: {_title(view)}"
    yield ""
    yield f"{short}. {why}"
    yield ""
    levels = [
        [
            aim_in_words(level),
            amount_of_level(level["name"], level["value"]),
            amount_of_level(level["name"], level.get("bound")),
            "" if level.get("gap") is None else f"{level['gap']:.2%}",
            level.get("proof", ""),
        ]
        for level in summary["objectives"]
    ]
    yield from _table(["objective", "value", "bound", "gap", "proof"], levels)
    yield ""
    yield "Before anything was written, the result was read a second time from its inputs, by code that shares"
    yield "nothing with what built or solved it: who is eligible, every distance, fit, limit and reason, and the proof."
    yield "Anyone can repeat it: `nle-optimizer verify RUN`."
    yield ""
    command = "" if view.is_shared else f" Command: `{' '.join(manifest.get('command', []))}`."
    yield f"Engine: {summary['engine']}. Seed: {manifest.get('seed')}.{command}"
    versions = manifest.get("versions", {})
    yield "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "."
    yield ""
    yield f"Reviewed by {TO_FILL} on {TO_FILL}. Fit for the decision at hand: {TO_FILL}."


def _needs(metrics: Mapping[str, Any]) -> str:
    """The mean need of those supported beside that of all eligible."""
    told = [metrics.get(name) for name in ("mean_need_supported", "mean_need_eligible")]
    if None in told:
        return "needs are not known here."
    return f"the mean need is {told[0]:.2f} among those supported and {told[1]:.2f} among all eligible."


def _transparency(view: View, manifest: Mapping[str, Any]) -> Iterator[str]:
    counts, version = view.summary["counts"], manifest.get("versions", {}).get("nle-optimizer", "")
    fit = view.settings.get("fit.measure")
    yield f"# Algorithmic transparency record, draft: {_title(view)}"
    yield ""
    yield "After the Algorithmic Transparency Recording Standard. What is marked is for people to fill in."
    facts = (
        ("Name", f"nle-optimizer {version}"),
        (
            "Description",
            "Proposes which National Leader of Education supports which school or trust that is eligible and "
            "cannot be matched with a high-quality trust.",
        ),
        ("Website or repository", TO_FILL),
        ("Contact", TO_FILL),
        ("Organisation, team, senior responsible owner", TO_FILL),
        (
            "Who decides",
            f"People. The program proposes; {TO_FILL} agrees each pair, and may refuse it (alternates.csv has "
            "replacements, `replan` makes a new plan).",
        ),
        ("Benefits and alternatives considered", TO_FILL),
        (
            "How it works",
            f"Mathematical optimisation, no machine learning and no training data. Rule: {view.summary['rule']}; "
            f"objectives in order: {'; '.join(map(aim_in_words, view.summary['objectives']))}. Fit: "
            f"{fit.value if fit is not None else 'as given'}. Exact, and proved or with a bound.",
        ),
        (
            "Scale",
            f"{counts['schools_read']:,} schools read, {counts['eligible']:,} eligible, "
            f"{counts['supported']:,} supported, {counts['nles']:,} NLEs.",
        ),
        ("Input data", "Tables of schools, NLEs and trusts; see data.md. No pupil data."),
        ("Personal data", f"Names and places of NLEs. A copy to be shared shows pseudonyms and moves them. {TO_FILL}"),
        (
            "Risks and mitigations",
            f"Needs that favour easy cases: {_needs(view.summary['metrics'])} Estimates that are "
            f"off: see this_plan.csv and uncertainty.csv where draws were made. {TO_FILL}",
        ),
        ("Appeal and review", TO_FILL),
        ("Impact assessments (equality, data protection)", TO_FILL),
    )
    for heading, text in facts:
        yield from ("", f"## {heading}", text)

"""The page of a comparison: what changed between two runs, in sentences, on a map and in tables."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nle_optimizer.reports.map_picture import ground_of, places_of, points_of
from nle_optimizer.reports.page.render import PageColumn, packed_table, study_page
from nle_optimizer.reports.view import ViewRows
from nle_optimizer.reports.words import FIGURES, STATES, figure_words, worded

Entry = Mapping[str, Any]
MOST_SETTINGS = 5
SHOWN = ("counts", "metrics", "capacity")
FIRST = ("supported", "mean_fit", "mean_distance_km", "max_distance_km", "out_of_region")
"""Figures that the summary tells, where they changed."""
NAMES = ("name", "title", "description")
"""Settings that are what a scenario is called."""


def compare_page(document: Entry, schools: ViewRows, nles: ViewRows) -> bytes:
    """The page.

    Args:
        document: what `compare --format json` prints.
        schools, nles: the tables that the second run read, with those of the first that it does not have.
    """
    first, second = document["first"], document["second"]
    return study_page(
        f"{Path(first['run_folder']).name} → {Path(second['run_folder']).name}",
        "What changed between two runs",
        sentences=list(_sentences(document)),
        tables=[
            _moves(document),
            _changes(document),
            _figures(document),
            _settings(document),
            _nles(document),
        ],
        cautions=[*document["cautions"], *document["warnings"]],
        moves=_map(document, schools, nles),
    )


def _sentences(document: Entry) -> Iterator[str]:
    if document["same"]:
        yield "Nothing changed: the runs read the same, were set the same and came to the same."
        return
    flows = {(flow["first"], flow["second"]): flow["schools"] for flow in document["schools"]["flows"]}
    gained = sum(count for (was, now), count in flows.items() if now == "supported" != was)
    lost = sum(count for (was, now), count in flows.items() if was == "supported" != now)
    moved, kept = len(document["pairs"]["moved"]), document["pairs"]["kept"]
    yield f"{gained:,} schools gain support, {lost:,} lose it, {moved:,} get another NLE, and {kept:,} pairs stay."
    figures = {figure["name"]: figure for section in SHOWN for figure in document[section]}
    told = [_change(figures[name]) for name in FIRST if name in figures and figures[name]["difference"]]
    yield f"{'; '.join(told) or 'Every figure of the summary stays as it is'}."
    settings = [_setting(change) for change in document["settings"] if change["key"] not in NAMES]
    more = [f"and {len(settings) - MOST_SETTINGS:,} more"] if len(settings) > MOST_SETTINGS else []
    inputs = [table["table"] for table in document["inputs"]["tables"] if table["same"] is False]
    yield f"Settings that differ: {'; '.join((*settings[:MOST_SETTINGS], *more)) or 'none'}."
    yield f"Tables that differ: {', '.join(inputs) or 'none'}."


def _change(figure: Entry) -> str:
    """A figure then and now: `Mean fit 0.985 → 0.982`."""
    name, digits = FIGURES[figure["name"]]
    then, now = ("–" if figure[side] is None else f"{figure[side]:,.{digits}f}" for side in ("first", "second"))
    return f"{name} {then} → {now}"


def _setting(change: Entry) -> str:
    return f"{change['key']} {_said(change['first'], 'value')} → {_said(change['second'], 'value')}"


def _named(pair: Entry) -> str:
    return str(pair["nle_name"] or pair["nle_id"])


def _figure(value: Any) -> str:
    return "" if value is None else str(value)


def _each(pairs: Sequence[Entry], key: str) -> str:
    """A figure of a school's pairs; of several, what they come to is told in words."""
    told = [_figure(pair[key]) for pair in pairs]
    return told[0] if len(told) == 1 else ", ".join(told)


def _moves(document: Entry) -> dict[str, Any]:
    moved = document["pairs"]["moved"]
    sides = (("first", "then"), ("second", "now"))
    columns = [PageColumn("school", "School", [move["name"] or move["school_id"] for move in moved], "school")]
    for key, label, kind, digits in (
        ("nle", "NLE", "text", 0),
        ("fit", "Fit", "number", 3),
        ("distance_km", "Km", "number", 1),
    ):
        for side, when in sides:
            cells = [", ".join(map(_named, move[side])) if key == "nle" else _each(move[side], key) for move in moved]
            columns.append(PageColumn(f"{key}_{when}", f"{label} {when}", cells, kind, digits))  # type: ignore[arg-type]
    columns.append(PageColumn("school_id", "School id", [move["school_id"] for move in moved]))
    return packed_table("moves", "Another NLE", columns, "No school that stays supported gets another NLE.")


def _changes(document: Entry) -> dict[str, Any]:
    changes = [*document["schools"]["changes"], *document["schools"]["reasons"]]
    columns = [
        PageColumn("school", "School", [change["name"] or change["school_id"] for change in changes], "school"),
        *(
            PageColumn(
                f"{key}_{side}",
                f"{label} {when}",
                [_standing(change[side], key) for change in changes],
                is_further=key == "reason",
            )
            for side, when in (("first", "then"), ("second", "now"))
            for key, label in (("state", "State"), ("reason", "Reason"), ("explanation", "Why"))
        ),
        PageColumn("school_id", "School id", [change["school_id"] for change in changes], is_further=True),
    ]
    return packed_table("changes", "Support gained or lost, other reasons", columns, "No school stands elsewhere.")


def _standing(standing: Entry, key: str) -> str:
    told = str(standing[key])
    return told if key == "explanation" or not told else worded(told, STATES) if key == "state" else worded(told)


def _figures(document: Entry) -> dict[str, Any]:
    rows = [(figure_words(figure["name"]), figure) for section in SHOWN for figure in document[section]]
    columns = [
        PageColumn("figure", "Figure", [name for name, _ in rows]),
        *(
            PageColumn(key, label, [_figure(figure[key]) for _, figure in rows], "number")
            for key, label in (("first", "First run"), ("second", "Second run"), ("difference", "Change"))
        ),
    ]
    return packed_table("figures", "Figures side by side", columns, "There are none.")


def _settings(document: Entry) -> dict[str, Any]:
    changes = document["settings"]
    columns = [
        PageColumn("key", "Setting", [change["key"] for change in changes]),
        *(
            PageColumn(f"{part}_{side}", label, [_said(change[side], part) for change in changes])
            for part, side, label in (
                ("value", "first", "First run"),
                ("value", "second", "Second run"),
                ("origin", "first", "From, first run"),
                ("origin", "second", "From, second run"),
            )
        ),
    ]
    return packed_table("settings", "Settings that differ", columns, "No setting differs.")


def _said(setting: Entry | None, part: str) -> str:
    return "not set" if setting is None and part == "value" else "" if setting is None else str(setting[part])


def _nles(document: Entry) -> dict[str, Any]:
    names, changed = document["nle_names"], document["nles"]["changed"]
    ids = [row["key"][0] for row in changed]
    cells = [
        "; ".join(
            f"{figure_words(name)} {cell['first'] or 'none'} → {cell['second'] or 'none'}"
            for name, cell in row["cells"].items()
        )
        for row in changed
    ]
    for what in ("added", "removed"):
        ids += [row["nle_id"] for row in document["nles"][what]]
        cells += [what.capitalize()] * len(document["nles"][what])
    columns = [
        PageColumn("nle", "NLE", [names.get(identifier) or identifier for identifier in ids], "nle"),
        PageColumn("change", "What changed", cells),
        PageColumn("nle_id", "NLE id", ids),
    ]
    return packed_table("nles", "NLEs whose use changed", columns, "No NLE is used otherwise.")


def _map(document: Entry, schools: ViewRows, nles: ViewRows) -> dict[str, Any] | None:
    """Schools that gained, lost or changed their NLE, with the pairs that went and came; None without any place."""
    places, leaders = places_of(schools, "school_id"), places_of(nles, "nle_id")
    if not places and not leaders:
        return None
    pairs = document["pairs"]
    moved = {move["school_id"] for move in pairs["moved"]}
    changed = {pair["school_id"]: "lost" for pair in pairs["lost"]} | {
        pair["school_id"]: "gained" for pair in pairs["gained"]
    }
    changed |= dict.fromkeys(moved, "moved")
    told = [(pair, when) for when in ("lost", "gained") for pair in pairs[when]]
    names = {pair["school_id"]: pair["school_name"] or pair["school_id"] for pair, _ in told}
    met = {pair["nle_id"]: _named(pair) for pair, _ in told}
    return {
        "schools": points_of(sorted(changed), places) | {"changed": changed, "names": names},
        "nles": points_of(sorted(met), leaders) | {"names": met},
        "lines": [[pair["school_id"], pair["nle_id"], when] for pair, when in told],
        **ground_of(schools, ()),
    }

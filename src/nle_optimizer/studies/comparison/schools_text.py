"""Who changed between two runs, as text: schools, pairs and NLEs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from nle_optimizer.reports.terminal import MOST_REASONS, WIDTH
from nle_optimizer.studies.comparison.layout import LABEL, change, first_of, heading, label, named, safe, wrapped
from nle_optimizer.studies.comparison.schools import STATES, Flow, Move, Pair, Pairs, SchoolChange, Schools, Standing
from nle_optimizer.studies.comparison.tables import Cell, RowChange, TableDifference

WORDS = {"supported": "supported", "unmatched": "left out", "excluded": "excluded", "absent": "not there"}
COLUMN = 12
NLE, FIT, DISTANCE = 6, 6, 7
"""Widths of an identifier, a fit and kilometres in a list of pairs."""


def flow_lines(flows: Sequence[Flow]) -> list[str]:
    """Where schools stood (rows) and stand (columns); states that nobody is in are left out."""
    counts = {(flow.first, flow.second): flow.schools for flow in flows}
    columns = [state for state in STATES if any(now == state for _, now in counts)]
    lines = heading(f"{'Schools: first ↓ second →':<{LABEL}}" + "".join(f"{WORDS[now]:>{COLUMN}}" for now in columns))
    for was in STATES:
        cells = [f"{counts[was, now]:,}" if (was, now) in counts else "." for now in columns]
        if any(cell != "." for cell in cells):
            lines.append(f"  {WORDS[was]:<{LABEL - 2}}" + "".join(f"{cell:>{COLUMN}}" for cell in cells))
    return lines


def school_lines(schools: Schools, pairs: Pairs, most: int) -> list[str]:
    """Schools with another NLE, with support gained or lost, and the rest by the change of reason."""
    gained = [entry for entry in schools.changes if entry.second.state == "supported"]
    lost = [entry for entry in schools.changes if entry.first.state == "supported"]
    others = [entry for entry in schools.changes if "supported" not in (entry.first.state, entry.second.state)]
    given, taken = _by_school(pairs.gained), _by_school(pairs.lost)
    was, now = Counter(_short(entry.first) for entry in gained), Counter(_short(entry.second) for entry in lost)
    return [
        *_section("Another NLE", [_move(move) for move in pairs.moved], most),
        *_section("Support gained", [_gain(entry, given[entry.school_id]) for entry in gained], most, "before", was),
        *_section("Support lost", [_loss(entry, taken[entry.school_id]) for entry in lost], most, "now", now),
        *_reasons([*others, *schools.reasons], most),
        *_section(
            "Pairs kept, with other figures", [_cells(" ".join(row.key), "", row) for row in pairs.altered], most
        ),
    ]


def _section(
    title: str, blocks: Sequence[Sequence[str]], most: int, when: str = "", grounds: Mapping[str, int] | None = None
) -> list[str]:
    """A heading with the number of entries, how many there are of each ground, and the first entries."""
    if not blocks:
        return []
    ordered = sorted((grounds or {}).items(), key=lambda entry: (-entry[1], entry[0]))
    shown = [f"{ground} {count:,}" for ground, count in ordered[:MOST_REASONS]]
    rest = sum(count for _, count in ordered[MOST_REASONS:])
    told = f"{when}: " + "; ".join([*shown, *([f"others {rest:,}"] if rest else [])]) if shown else ""
    return [*heading(f"{title}: {len(blocks):,}"), *wrapped(told), *first_of(blocks, most)]


def _by_school(pairs: Sequence[Pair]) -> Mapping[str, Sequence[Pair]]:
    grouped: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        grouped[pair.school_id].append(pair)
    return grouped


def _move(move: Move) -> list[str]:
    def both(show: Callable[[Sequence[Pair]], str]) -> str:
        return change(show(move.first), show(move.second))

    return _entry(move.school_id, move.name, f"{both(_nles):<{2 * NLE + 2}} {both(_fit)}  {both(_distance)} km")


def _gain(entry: SchoolChange, pairs: Sequence[Pair]) -> list[str]:
    return _entry(entry.school_id, entry.name, f"{_pairs(pairs)}  {_short(entry.first)}")


def _loss(entry: SchoolChange, pairs: Sequence[Pair]) -> list[str]:
    lines = _entry(entry.school_id, entry.name, f"{_pairs(pairs)}  {_short(entry.second)}")
    return [*lines, *wrapped(entry.second.explanation, "    ")]


def _pairs(pairs: Sequence[Pair]) -> str:
    return f"{_nles(pairs):<{NLE}}{_fit(pairs):>{FIT}}{_distance(pairs):>{DISTANCE}} km"


def _entry(identifier: str, name: str, told: str) -> list[str]:
    line = f"  {label(identifier, name)}{safe(told)}"
    return [line.rstrip()] if len(line) <= WIDTH else [f"  {label(identifier, name)}".rstrip(), *wrapped(told, "    ")]


def _nles(pairs: Sequence[Pair]) -> str:
    return " + ".join(pair.nle_id for pair in pairs)


def _fit(pairs: Sequence[Pair]) -> str:
    """Fits of several NLEs add up."""
    known = [pair.fit for pair in pairs if pair.fit is not None]
    return f"{sum(known):.3f}" if known else "-"


def _distance(pairs: Sequence[Pair]) -> str:
    return " + ".join("-" if pair.distance_km is None else f"{pair.distance_km:,.1f}" for pair in pairs)


def _short(standing: Standing) -> str:
    return WORDS[standing.state] + (f", {standing.reason}" if standing.reason else "")


def _reasons(entries: Sequence[SchoolChange], most: int) -> list[str]:
    """Schools that no run supports: how many went from one reason to another, the greatest groups first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        groups[change(_short(entry.first), _short(entry.second))].append(entry.school_id)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    blocks = [wrapped(f"{what}: {named(sorted(ids), 3)}", f"  {len(ids):>5,}  ", " " * 9) for what, ids in ordered]
    count = sum(len(ids) for ids in groups.values())
    title = f"Without support in either run, for another reason: {count:,}"
    return [*heading(title), *first_of(blocks, most)] if count else []


def nle_lines(difference: TableDifference, names: Mapping[str, str], most: int) -> list[str]:
    """NLEs added and removed, and those whose state, capacity or use differs."""
    lines = _section("NLEs with another state, capacity or use", [_nle(row, names) for row in difference.changed], most)
    for which, rows in (("second", difference.added), ("first", difference.removed)):
        if rows:
            told = wrapped(named([row["nle_id"] for row in rows], most))
            lines += [*heading(f"NLEs only in the {which} run: {len(rows):,}"), *told]
    return lines


def _nle(row: RowChange, names: Mapping[str, str]) -> list[str]:
    (identifier,) = row.key
    name = names.get(identifier, "")
    state = row.cells.get("state")
    if state is None:
        return _cells(identifier, name, row)
    reason = row.cells.get("reason", Cell("", ""))
    told = ", ".join(word for word in (reason.first, reason.second) if word)
    return _entry(identifier, name, change(state.first, state.second) + (f" ({told})" if told else ""))


def _cells(identifier: str, name: str, row: RowChange) -> list[str]:
    told = [f"{column.replace('_', ' ')} {change(cell.first, cell.second)}" for column, cell in row.cells.items()]
    return _entry(identifier, name, "; ".join(told))

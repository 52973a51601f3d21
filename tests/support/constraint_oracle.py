"""Constraints as the rule book words them, counted from the rows of the tables one pair at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import Any

Row = Mapping[str, Any]
Pair = tuple[Row, Row]
"""NLE, school."""
REGIONS = ["London", "london", "North", ""]
AUTHORITIES = ["Leeds", "leeds", "York", ""]


@dataclass(frozen=True)
class World:
    """The rows of the tables, and the candidate pairs.

    Attributes:
        listed: rows of the pairs table by (nle_id, school_id).
        standing: the pairs of the current table.
    """

    schools: Sequence[Row]
    nles: Sequence[Row]
    listed: Mapping[tuple[str, str], Row]
    standing: frozenset[tuple[str, str]]
    candidates: Sequence[Pair]


@dataclass(frozen=True)
class Group:
    """A row: its label, what it counts of some pairs, and how many are eligible under it."""

    label: str
    count: Callable[[Iterable[Pair]], Fraction]
    eligible: Fraction | None = None


def meets(row: Row, where: Mapping[str, Any]) -> bool:
    """Whether a row meets conditions of the few forms that are drawn here."""
    return all(_holds(row.get(name, ""), condition) for name, condition in where.items())


def _holds(cell: Any, condition: Any) -> bool:
    if isinstance(condition, dict) and "missing" in condition:
        return (cell in ("", None)) == condition["missing"]
    if cell in ("", None):
        return False
    if isinstance(condition, dict) and "not" in condition:
        return str(cell).casefold() != str(condition["not"]).casefold()
    if isinstance(condition, dict):
        least, most = condition.get("min"), condition.get("max")
        return (least is None or Fraction(str(cell)) >= least) and (most is None or Fraction(str(cell)) <= most)
    words = condition if isinstance(condition, list) else ["yes" if condition is True else condition]
    return str(cell).casefold() in [str(word).casefold() for word in words]


def pair_row(world: World, pair: Pair) -> dict[str, Any]:
    """The columns of a pair."""
    nle, school = pair
    listed = world.listed.get((nle["nle_id"], school["school_id"]), {})
    theirs, ours = school.get("region", ""), nle.get("region", "")
    apart = "" if not theirs or not ours else "no" if theirs.casefold() == ours.casefold() else "yes"
    return {
        **school,
        **{f"school.{name}": cell for name, cell in school.items()},
        **{f"nle.{name}": cell for name, cell in nle.items()},
        **{name: listed.get(name, "") for name in ("note", "band")},
        "out_of_region": apart,
    }


def _values(rows: Iterable[Row], by: str) -> list[str]:
    return sorted({str(row[by]) for row in rows if row.get(by, "") != ""})


def _label(name: str, by: str | None, value: str | None) -> str:
    return name if by is None else f"{name}[{by}={value}]"


def quota(asked: Row, world: World) -> list[Group]:
    """Distinct schools or NLEs, or pairs."""
    of, where, by = asked.get("of", "schools"), asked.get("where", {}), asked.get("by")
    key = {"schools": "school_id", "nles": "nle_id"}.get(of)
    row_of: Callable[[Pair], Row] = {
        "schools": lambda pair: pair[1],
        "nles": lambda pair: pair[0],
        "pairs": lambda pair: pair_row(world, pair),
    }[of]
    table: Iterable[Row] = {
        "schools": world.schools,
        "nles": world.nles,
        "pairs": [pair_row(world, pair) for pair in world.candidates],
    }[of]
    chosen = [row for row in table if meets(row, where)]

    def group(value: str | None) -> Group:
        def counts(row: Row) -> bool:
            return meets(row, where) and (by is None or (row.get(by, "") != "" and str(row[by]) == value))

        def count(pairs: Iterable[Pair]) -> Fraction:
            rows = [row_of(pair) for pair in pairs]
            found = [row for row in rows if counts(row)]
            return Fraction(len({row[key] for row in found}) if key else len(found))

        eligible = Fraction(sum(counts(row) for row in chosen)) if key else None
        return Group(_label(asked["name"], by, value), count, eligible)

    return [group(value) for value in ([None] if by is None else _values(chosen, by))]


def amount_of(world: World, resource: str, pair: Pair) -> Fraction:
    """What a pair takes, or costs at 100 pounds a match and 7 a day."""
    if resource == "placements":
        return Fraction(1)
    if resource == "cost":
        return 100 + 7 * amount_of(world, "days", pair)
    nle, school = pair
    own = world.listed.get((nle["nle_id"], school["school_id"]), {}).get("days", "")
    return Fraction(str(own if own != "" else school["days"]))


def budget(asked: Row, world: World) -> list[Group]:
    """Sums over pairs."""
    where, by = asked.get("where", {}), asked.get("by")
    rows = [row for row in (pair_row(world, pair) for pair in world.candidates) if meets(row, where)]

    def group(value: str | None) -> Group:
        def count(pairs: Iterable[Pair]) -> Fraction:
            held = [pair for pair in pairs if meets(pair_row(world, pair), where)]
            mine = [pair for pair in held if by is None or str(pair_row(world, pair)[by]) == value]
            return sum((amount_of(world, asked["of"], pair) for pair in mine), Fraction(0))

        return Group(_label(asked["name"], by, value), count)

    return [group(value) for value in ([None] if by is None else _values(rows, by))]


def minimum_use(asked: Row, world: World) -> list[Group]:
    """What each NLE gives."""
    resource = asked.get("of", "placements")

    def group(nle: Row) -> Group:
        def count(pairs: Iterable[Pair]) -> Fraction:
            own = [pair for pair in pairs if pair[0]["nle_id"] == nle["nle_id"]]
            return sum((amount_of(world, resource, pair) for pair in own), Fraction(0))

        return Group(f"{asked['name']}[nle_id={nle['nle_id']}]", count, Fraction(str(nle[resource])))

    chosen = [nle for nle in world.nles if meets(nle, asked.get("where", {}))]
    return [group(nle) for nle in sorted(chosen, key=lambda nle: nle["nle_id"])]


def _nles_of(asked: Row, value: str, by: str, counts: Callable[[Row], bool]) -> Group:
    where = asked.get("where", {})

    def count(pairs: Iterable[Pair]) -> Fraction:
        mine = [nle for nle, school in pairs if meets(school, where) and str(school.get(by, "")) == value]
        return Fraction(len({nle["nle_id"] for nle in mine if counts(nle)}))

    return Group(_label(asked["name"], by, value), count)


def keep_together(asked: Row, world: World) -> list[Group]:
    """The NLEs of each group of two or more."""
    by = asked.get("by", "trust_id")
    chosen = [row for row in world.schools if meets(row, asked.get("where", {}))]
    return [
        _nles_of(asked, value, by, lambda _: True)
        for value in _values(chosen, by)
        if sum(str(row.get(by, "")) == value for row in chosen) > 1
    ]


def new_to_area(asked: Row, world: World) -> list[Group]:
    """The NLEs new to each area."""
    by = asked.get("by", "local_authority")
    chosen = [row for row in world.schools if meets(row, asked.get("where", {}))]

    def is_new(nle: Row, value: str) -> bool:
        there = [row["school_id"] for row in world.schools if str(row.get(by, "")) == value]
        known = {(nle["nle_id"], school_id) for school_id in there}
        before = {key for key, row in world.listed.items() if "previous" in row.get("relation", "")}
        at_home = str(nle.get(by, "")).casefold() == value.casefold()
        return not at_home and not known & (before | world.standing)

    return [_nles_of(asked, value, by, lambda nle, area=value: is_new(nle, area)) for value in _values(chosen, by)]


def limits(asked: Row, group: Group, whole: Fraction) -> list[tuple[str, Fraction | None, Fraction | None]]:
    """The label and limits of each row that a group makes; `whole` is what the constraint counts of everything."""
    counts = asked["type"] not in ("budget", "minimum_use")
    fixed = asked["type"] == "minimum_use" or asked.get("share_of") == "eligible"
    unit = Fraction(1) if counts else Fraction(1, 1_000_000)
    lower = [ceil(Fraction(str(asked["minimum"])) / unit) * unit] if "minimum" in asked else []
    upper = [floor(Fraction(str(asked["maximum"])) / unit) * unit] if "maximum" in asked else []
    if asked["type"] == "keep_together" and not upper:
        upper = [Fraction(1)]
    shares = {key: Fraction(str(asked[key])) for key in ("minimum_share", "maximum_share") if key in asked}
    if fixed and group.eligible is not None:
        if "minimum_share" in shares:
            lower.append(ceil(shares["minimum_share"] * group.eligible / unit) * unit)
        if "maximum_share" in shares:
            upper.append(floor(shares["maximum_share"] * group.eligible / unit) * unit)
        shares = {}
    found: list[tuple[str, Fraction | None, Fraction | None]] = []
    if lower or upper:
        found.append(("", max(lower, default=None), min(upper, default=None)))
    for key, share in shares.items():
        found.append((f" {key}", share * whole, None) if key == "minimum_share" else (f" {key}", None, share * whole))
    suffixed = len(found) > 1
    return [(group.label + (suffix if suffixed else ""), low, high) for suffix, low, high in found]


SCHOOL_CONDITIONS: list[dict[str, Any]] = [
    {},
    {},
    {"region": "London"},
    {"region": ["north", "London"]},
    {"tier": {"min": 2}},
    {"region": {"not": "London"}},
    {"region": {"missing": True}},
    {"region": "London", "tier": 1},
]
PAIR_CONDITIONS: list[dict[str, Any]] = [
    {},
    {"out_of_region": True},
    {"out_of_region": {"missing": True}},
    {"nle.region": "London", "region": "North"},
    {"band": "b"},
    {"school.tier": {"max": 1}},
]


def _shares(rng: Random, asked: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    for key in rng.sample(keys, rng.choice([1, 1, 2])):
        asked[key] = rng.choice([0.2, 0.25, 0.5, 1, 0.333333])
    return asked


def _limited(rng: Random, asked: dict[str, Any], most: int) -> dict[str, Any]:
    """With limits in numbers, shares of what is matched, or both."""
    if rng.random() < 0.4:
        _shares(rng, asked, ["minimum_share", "maximum_share"])
    if rng.random() < 0.6 or not set(asked) & {"minimum_share", "maximum_share"}:
        for key in rng.sample(["minimum", "maximum"], rng.choice([1, 1, 2])):
            asked[key] = rng.randint(0, most) + rng.choice([0, 0, 0.5])
    return asked


def _drawn_quota(rng: Random) -> dict[str, Any]:
    of = rng.choice(["schools", "nles", "pairs"])
    asked: dict[str, Any] = {"of": of, "where": rng.choice(PAIR_CONDITIONS if of == "pairs" else SCHOOL_CONDITIONS)}
    if rng.random() < 0.4:
        asked["by"] = rng.choice(["nle.region", "region", "band"] if of == "pairs" else ["region", "tier"])
    _limited(rng, asked, 3)
    if of != "pairs" and set(asked) & {"minimum_share", "maximum_share"} and rng.random() < 0.5:
        asked["share_of"] = "eligible"
    return asked


def _drawn_budget(rng: Random) -> dict[str, Any]:
    asked: dict[str, Any] = {"of": rng.choice(["days", "cost", "placements"]), "where": rng.choice(PAIR_CONDITIONS)}
    if rng.random() < 0.3:
        asked["by"] = rng.choice(["nle.region", "region", "band"])
    return _limited(rng, asked, 400 if asked["of"] == "cost" else 12)


def _drawn_use(rng: Random) -> dict[str, Any]:
    asked: dict[str, Any] = {"of": rng.choice(["placements", "days"]), "where": rng.choice(SCHOOL_CONDITIONS)}
    asked |= {"minimum": rng.choice([0, 0.5, 1, 2.5])} if rng.random() < 0.5 else {"minimum_share": 0.3}
    return asked


def _drawn_together(rng: Random) -> dict[str, Any]:
    asked: dict[str, Any] = {"where": rng.choice(SCHOOL_CONDITIONS)}
    asked |= {"by": "local_authority"} if rng.random() < 0.4 else {}
    return asked | ({"maximum": rng.randint(0, 2)} if rng.random() < 0.5 else {})


def _drawn_new(rng: Random) -> dict[str, Any]:
    asked: dict[str, Any] = {"where": rng.choice(SCHOOL_CONDITIONS), "maximum": rng.randint(0, 2)}
    return asked | ({"by": "region"} if rng.random() < 0.4 else {})


STRATEGIES: dict[str, tuple[Callable[[Random], dict[str, Any]], Callable[[Row, World], list[Group]]]] = {
    "quota": (_drawn_quota, quota),
    "budget": (_drawn_budget, budget),
    "minimum_use": (_drawn_use, minimum_use),
    "keep_together": (_drawn_together, keep_together),
    "new_to_area": (_drawn_new, new_to_area),
}
"""How a constraint of each type is drawn, and what its rows count."""

"""Settings drawn one by one, rid of what `validate` refuses for want of sense between them."""

from typing import Any

from support.any_tables import Draft

Settings = dict[str, Any]
AREA = "local_authority"
"""What `new_to_area` goes by where nothing is said."""


def without_contradictions(draft: Draft, settings: Settings) -> Settings:
    """The settings with every amount that is needed, limits in order, and no rule or column that the tables lack."""
    _amounts(draft, settings)
    _fit(draft, settings)
    kept = [limit for each in settings.get("constraints", []) if (limit := _limit(draft, each)) is not None]
    if "constraints" in settings:
        settings["constraints"] = kept
    if "objectives" in settings:
        named = {str(next(iter(each)) if isinstance(each, dict) else each): each for each in settings["objectives"]}
        settings["objectives"] = list(named.values())
    if "rule" in settings and not _can_be(draft, settings["rule"]):
        del settings["rule"]
    return settings


def _has_blanks(draft: Draft, table: str, column: str) -> bool:
    return not all(row.get(column) for row in draft.tables[table])


def _amounts(draft: Draft, settings: Settings) -> None:
    """Name resources that are no resource unless they are named, and offer what blanks leave open."""
    if "money" in draft.resources:
        settings.setdefault("capacity", {}).setdefault("resources", [*draft.resources])
    for name in draft.resources:
        if name != "placements" and _has_blanks(draft, "schools", name):
            settings.setdefault("offer", {}).setdefault(name, draft.some(1, 2, 5, 0.5))


def _fit(draft: Draft, settings: Settings) -> None:
    fit = settings.setdefault("fit", {})
    areas = ("leadership", "governance", "finance")
    blank = [_has_blanks(draft, "schools", f"need_{area}") for area in areas]
    blank += [_has_blanks(draft, "nles", f"expertise_{area}") for area in areas]
    if any(blank) and fit.get("unknown", "error") == "error":
        fit["unknown"] = draft.some("exclude", 0.4, 0, 1)
    several = any(row.get("supporters", "") > "1" for row in draft.tables["schools"])
    if several and fit.get("measure", "need-met") == "need-met":
        fit["measure"] = draft.some("need-covered", "weighted-expertise")


def _limit(draft: Draft, limit: Settings) -> Settings | None:
    """A constraint whose lower limits are below its upper; None where the tables have not what it goes by."""
    for low, high in (("minimum", "maximum"), ("minimum_share", "maximum_share")):
        if low in limit and high in limit:
            limit[low], limit[high] = sorted((limit[low], limit[high]))
    if limit["type"] == "new_to_area":
        there = [name for name in draft.tables["nles"][0] if name in draft.tables["schools"][0]]
        if limit.get("by", AREA) not in there:
            return {**limit, "by": draft.some(*there)} if there else None
    return limit


def _can_be(draft: Draft, rule: str) -> bool:
    if rule == "status-quo":
        return "current" in draft.tables
    regions = [{row.get(name, "") for row in draft.tables[table]} for table, name in REGIONS]
    return rule != "regional" or all(any(filled) for filled in regions)


REGIONS = (("schools", "region"), ("nles", "region"))
"""Where `regional` looks."""

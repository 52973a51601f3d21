"""Recruits and what they add, on a terminal."""

import click

from nle_optimizer.evidence.exchanging import written
from nle_optimizer.records import as_text
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.studies.comparison.layout import wrapped
from nle_optimizer.studies.recruitment.recruit import Recruitment

WIDTH = 12


def recruitment_text(found: Recruitment) -> str:
    """Each recruit in a line with what it adds to those before, and how sure the choice is."""
    count = len(found.recruits)
    lines = [click.style(f"Where {count:,} more NLE{'s' if count > 1 else ''} would add most", bold=True)]
    sense = "more" if found.level.sense > 0 else "less"
    lines += wrapped(f"First objective: {found.level.name} ({sense} is better). {_how_sure(found)}", "", "")
    lines += ["", f"{'':4}{'recruit':<34}{'region':<26}{'adds':>{WIDTH}}"]
    adds = found.table()["adds"]
    regions = as_text(found.recruits.column("region"))
    for n, (name, region, gain) in enumerate(zip(found.recruits.ids.tolist(), regions, adds, strict=True), start=1):
        lines.append(f"{n:>3} {one_line(name, 33):<34}{one_line(region, 25):<26}{_short(gain):>{WIDTH}}")
    before, after = (result.claim.summary["counts"]["supported"] for result in (found.before, found.after))
    without, then = (written(found.amount(found.values[n])) for n in (0, -1))
    lines += ["", f"  {found.level.name}: {without} without, {then} with them"]
    return "\n".join([*lines, f"  Schools supported: {before:,} without, {after:,} with them"])


def _short(gain: str) -> str:
    return f"{float(gain):+,.4g}"


def _how_sure(found: Recruitment) -> str:
    if found.is_exact:
        return f"Proved: no other choice among {found.possible:,} places adds more."
    limit = written(abs(found.amount(found.found.bound) - found.amount(found.values[0])))
    known = f"Chosen one after the other; any other choice adds at most {limit}."
    if found.is_submodular:
        known += " This one is sure to add at least 63 % (1 - 1/e) of the most."
    return known

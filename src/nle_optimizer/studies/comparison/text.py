"""What changed between two runs, for people: a screen of it, the rest counted."""

from collections.abc import Iterator

import click

from nle_optimizer.reports.terminal import WIDTH, one_line
from nle_optimizer.studies.comparison.causes_text import input_lines, setting_lines
from nle_optimizer.studies.comparison.comparison import Comparison, Run
from nle_optimizer.studies.comparison.figures_text import figure_lines
from nle_optimizer.studies.comparison.layout import first_of, wrapped
from nle_optimizer.studies.comparison.schools_text import flow_lines, nle_lines, school_lines

STATUS = {
    "optimal": "proved optimal",
    "feasible": "not proved",
    "completed": "nothing proved",
    "infeasible": "no allocation is possible",
    "unknown": "no allocation was found",
}


def comparison_text(comparison: Comparison, most: int) -> str:
    """A comparison for a terminal, with at most so many entries of each kind.

    It begins with the runs and the change in a sentence, goes on with what they were given, and ends with who
    is concerned.
    """
    lines = [*_head(comparison), *_sentences(comparison, most)]
    if not comparison.same:
        lines += setting_lines(comparison.settings, most)
        lines += input_lines(comparison.inputs, most)
        lines += figure_lines(comparison.figures, most)
        lines += flow_lines(comparison.schools.flows)
        lines += school_lines(comparison.schools, comparison.pairs, most)
        lines += nle_lines(comparison.nles, comparison.nle_names, most)
    return "\n".join(lines)


def _head(comparison: Comparison) -> list[str]:
    title = "What changed from the first run to the second"
    return [
        click.style(title, bold=True),
        click.style("─" * len(title), dim=True),
        *_run("First", comparison.first),
        *_run("Second", comparison.second),
        "",
    ]


def _run(which: str, run: Run) -> list[str]:
    status = STATUS.get(run.status, run.status)
    title = one_line(run.title) or run.scenario
    return [
        f"  {which:<9}{one_line(run.run_folder, WIDTH - 11)}",
        click.style(f"           {one_line(f'{status}; {title}', WIDTH - 11)}", dim=True),
    ]


def _sentences(comparison: Comparison, most: int) -> Iterator[str]:
    if comparison.same:
        yield "  Nothing changed: the same inputs, settings, pairs, reasons and figures."
        return
    flows = {(flow.first, flow.second): flow.schools for flow in comparison.schools.flows}
    stay, moved = flows.get(("supported", "supported"), 0), len(comparison.pairs.moved)
    lost = sum(count for (was, now), count in flows.items() if was == "supported" != now)
    gained = sum(count for (was, now), count in flows.items() if now == "supported" != was)
    yield from wrapped(
        f"Schools supported: {stay + lost:,} → {stay + gained:,} "
        f"(same NLE {stay - moved:,}, another {moved:,}, lost {lost:,}, gained {gained:,})"
    )
    kept, more, fewer = comparison.pairs.kept, len(comparison.pairs.gained), len(comparison.pairs.lost)
    yield from wrapped(
        f"Matched pairs: {kept + fewer:,} → {kept + more:,} (kept {kept:,}, lost {fewer:,}, gained {more:,})"
    )
    for which, run in (("first", comparison.first), ("second", comparison.second)):
        yield from first_of([wrapped(f"In the {which} run: {clash}", "  - ") for clash in run.clashes], most, "  - ")
    for caution in comparison.cautions:
        yield from wrapped(caution, "  Note: ", " " * 8)

"""What a benchmark found: its tables, sentences and folder.

Figures by rule, who wins and loses, and what people read first. A benchmark in Markdown: the means, who is best at
what, how often limits are missed, what could not be tried.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.errors import visible
from nle_optimizer.folders import MANIFEST, FolderKind, write_files
from nle_optimizer.records import MILLION, Integers, fixed
from nle_optimizer.reports.page.benchmark_page import benchmark_page
from nle_optimizer.reports.run_folder import command_line
from nle_optimizer.rules.registry import OPTIMAL
from nle_optimizer.scenario.policies import STATUS_QUO
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.benchmark.metrics import METRICS
from nle_optimizer.studies.benchmark.trial import Trial, Trials
from nle_optimizer.tables import NUMBER, WHOLE, YES_NO, Answer, ResultTable, are, counted_in_words, typed

HEADER = ("scenario", "rule", "draw", "metric", "value", "low", "high", "share_of_optimum", "missed")
WINNERS = ("scenario", "school_id", "rule", "fit", "fit_optimal", "difference", "fit_status_quo")
ALLOCATIONS = ("scenario", "rule", "school_id", "nle_id", "fit", "distance_km")
SHARES = ("scenario", "rule", "school_id", "nle_id", "share", "draws")
DIFFERENCES = ("scenario", "rule", "against", "metric", "difference", "low", "high", "draws")
SHARED = ("coverage", "total_fit", "mean_fit", "min_fit", "lowest_decile_fit")
"""Metrics of which a share of the optimal rule's figure says something: from 0 up, and more is better."""
AIM = "objective[1="
"""What the name of the scenario's first objective begins with, of which a share says something too where it is above 0
and to be maximised."""
NORMAL = 1.96
"""The 97.5 % point of the normal distribution."""
Row = dict[str, str]


def tables_of(found: Sequence[Trials]) -> dict[str, tuple[Sequence[str], list[Row]]]:
    """Every table of a benchmark by name, with its header and rows; shares only where a rule draws lots."""
    made = {
        "benchmark": (HEADER, figure_rows),
        "winners_losers": (WINNERS, winner_rows),
        "differences": (DIFFERENCES, difference_rows),
        "allocations": (ALLOCATIONS, allocation_rows),
        "shares": (SHARES, share_rows),
    }
    tables = {name: (header, [row for one in found for row in rows(one)]) for name, (header, rows) in made.items()}
    return {name: table for name, table in tables.items() if table[1] or name != "shares"}


def figure_rows(found: Trials) -> Iterator[Row]:
    """A row a metric of every trial, and of the mean of a rule's draws with its 95 % interval."""
    for rule, trials in by_rule(found).items():
        for trial in trials:
            for name, value in trial.figures.items():
                yield _row(found, trial, str(trial.draw), name, _float(value), None)
        if len(trials) > 1:
            for name in trials[0].figures:
                values = [float(value) for trial in trials if (value := trial.figures[name]) is not None]
                mean = fmean(values) if values else None
                yield _row(found, Trial(rule, 0, {}), "mean", name, mean, half_width(values))


def by_rule(found: Trials) -> dict[str, list[Trial]]:
    """The trials with an allocation, by rule."""
    rules: dict[str, list[Trial]] = {}
    for trial in found.trials:
        if not trial.reason:
            rules.setdefault(trial.rule, []).append(trial)
    return rules


def half_width(values: Sequence[float]) -> float | None:
    """Half the 95 % interval of a mean, by the normal approximation; None of fewer than two values."""
    return NORMAL * stdev(values) / sqrt(len(values)) if len(values) > 1 else None


def winner_rows(found: Trials) -> Iterator[Row]:
    """A row a recipient whose fit differs from the optimal rule's, or today's; of random rules the first draw."""
    best, rules = found.optimum.fit, by_rule(found)
    if best is None:
        return
    (today, *_) = rules.get(STATUS_QUO, [Trial(STATUS_QUO, 0, {})])
    for rule, (first, *_) in rules.items():
        assert first.fit is not None
        other = first.fit != best if today.fit is None else (first.fit != best) | (first.fit != today.fit)
        for n in other.nonzero()[0].tolist():
            fit, optimal = int(first.fit[n]), int(best[n])
            cells = [fixed(fit, 6), fixed(optimal, 6), fixed(fit - optimal, 6)]
            cells.append("" if today.fit is None else fixed(int(today.fit[n]), 6))
            school = str(found.candidates.recipients.ids[n])
            yield dict(zip(WINNERS, (found.scenario, school, rule, *cells), strict=True))


def allocation_rows(found: Trials) -> Iterator[Row]:
    """A row a pair that a rule matched; of a random rule in its first draw."""
    distance = found.candidates.distance
    for rule, (first, *_) in by_rule(found).items():
        for pair, school, nle in _named(found, first.matched):
            metres = int(distance[pair])
            cells = (fixed(int(found.candidates.fit[pair]), 6), "" if metres < 0 else fixed(metres, 3))
            yield dict(zip(ALLOCATIONS, (found.scenario, rule, school, nle, *cells), strict=True))


def share_rows(found: Trials) -> Iterator[Row]:
    """A row a pair that any draw of a random rule matched: the share of its draws that did."""
    for rule, trials in by_rule(found).items():
        drawn = [trial.matched for trial in trials if trial.is_random and trial.matched is not None]
        if drawn:
            times = np.bincount(np.concatenate(drawn), minlength=len(found.candidates))
            for pair, school, nle in _named(found, np.flatnonzero(times)):
                cells = (fixed(int(times[pair]) * MILLION // len(drawn), 6), str(len(drawn)))
                yield dict(zip(SHARES, (found.scenario, rule, school, nle, *cells), strict=True))


def _named(found: Trials, pairs: Integers | None) -> list[tuple[int, str, str]]:
    """Candidate pairs with their school and NLE, ordered by both."""
    own, chosen = found.candidates, np.zeros(0, dtype=np.int64) if pairs is None else pairs
    order = chosen[np.lexsort((own.nle[chosen], own.recipient[chosen]))]
    schools, nles = own.recipients.ids[own.recipient[order]], own.nles.ids[own.nle[order]]
    return [(pair, str(school), str(nle)) for pair, school, nle in zip(order.tolist(), schools, nles, strict=True)]


def difference_rows(found: Trials) -> Iterator[Row]:
    """A row a rule and metric: by how much it differs from the optimal rule and from the status quo, draw by draw."""
    rules = by_rule(found)
    for against in (name for name in (OPTIMAL, STATUS_QUO) if name in rules):
        base = rules[against][0].figures
        for rule, trials in rules.items():
            for name in trials[0].figures if rule != against else ():
                values = [_float(trial.figures[name]) for trial in trials]
                other = _float(base.get(name))
                known = [value - other for value in values if value is not None and other is not None]
                if known:
                    half = half_width(known)
                    mean = fmean(known)
                    ends = (None, None) if half is None else (mean - half, mean + half)
                    figures = [_cell(figure) for figure in (mean, *ends)]
                    cells = (found.scenario, rule, against, name, *figures, str(len(known)))
                    yield dict(zip(DIFFERENCES, cells, strict=True))


def aim_of(found: Trials) -> str:
    """The metric that is the scenario's first objective; blank where nothing was measured."""
    return next((name for trial in found.trials for name in trial.figures if name.startswith(AIM)), "")


def titled(metric: str) -> str:
    """A metric as the head of a column: of an objective its name alone."""
    return metric.removeprefix(AIM).removesuffix("]") if metric.startswith(AIM) else metric


def leaderboard(found: Trials, metrics: Sequence[str]) -> list[list[str]]:
    """A line a rule: its mean of each metric, how many draws miss something, and the seconds that it took."""
    lines = []
    for rule, trials in by_rule(found).items():
        means = [_mean(trials, name) for name in metrics]
        missed = sum(bool(trial.missed) for trial in trials)
        cells = ["-" if mean is None else f"{mean:,.3f}" for mean in means]
        lines.append([rule, *cells, f"{missed}/{len(trials)}", f"{sum(trial.seconds for trial in trials):.2f}"])
    return lines


def better_and_worse(found: Trials) -> dict[str, tuple[int, int]]:
    """By rule, how many recipients have a greater fit than under the optimal rule, and how many a lesser one.

    Of random rules the first draw counts.
    """
    best = found.optimum.fit
    if best is None:
        return {}
    firsts = {rule: trials[0].fit for rule, trials in by_rule(found).items()}
    return {
        rule: (int((fit > best).sum()), int((fit < best).sum()))
        for rule, fit in firsts.items()
        if fit is not None and rule != OPTIMAL
    }


def _mean(trials: Sequence[Trial], name: str) -> float | None:
    values = [float(value) for trial in trials if (value := trial.figures.get(name)) is not None]
    return fmean(values) if values else None


def _row(found: Trials, trial: Trial, draw: str, name: str, value: float | None, half: float | None) -> Row:
    best = _float(found.optimum.figures.get(name)) if name in SHARED or name.startswith(AIM) else None
    share = value / best if value is not None and best is not None and best > 0 else None
    ends = (None, None) if half is None or value is None else (value - half, value + half)
    figures = [_cell(figure) for figure in (value, *ends, share)]
    return dict(zip(HEADER, (found.scenario, trial.rule, draw, name, *figures, "; ".join(trial.missed)), strict=True))


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


SHOWN = ("coverage", "total_fit", "mean_fit", "min_fit", "gini_fit", "mean_rank", "mean_distance_km", "blocking_pairs")
MOST_BEST = 3
SENSES = {metric.name: metric.sense for metric in METRICS}


def markdown(found: Sequence[Trials]) -> str:
    """The whole, a section a scenario."""
    return visible("\n".join(line for trials in found for line in _section(trials)) + "\n")


def _section(found: Trials) -> Iterator[str]:
    rules, shown = by_rule(found), [name for name in (aim_of(found), *SHOWN) if name]
    moved = better_and_worse(found)
    yield f"# {found.scenario}"
    yield ""
    yield "Means of the draws, with half the 95 % interval where there are several. Better and worse off: schools whose"
    yield "fit is greater or less than under the optimal rule; of a random rule in its first draw."
    yield ""
    yield _table_row(["rule", *map(titled, shown), "better off", "worse off", "limits missed"])
    yield "|" + "---|" * (len(shown) + 4)
    for rule, trials in rules.items():
        missed = sum(bool(trial.missed) for trial in trials)
        counts = [f"{count:,}" for count in moved[rule]] if rule in moved else ["", ""]
        yield _table_row([rule, *(_mean_cell(trials, name) for name in shown), *counts, f"{missed} of {len(trials)}"])
    yield from ("", "Best at each, ties by the order above:", "")
    for name in SHOWN:
        ranked = best_at(rules, name)
        if ranked:
            yield f"- {name.replace('_', ' ')}: {', '.join(ranked[:MOST_BEST])}"
    yield from ("", "To know:", "")
    yield from (f"- {sentence}" for sentence in (*sentences(found), *left_out(found)))
    yield ""


def sentences(found: Trials) -> Iterator[str]:
    """What each rule misses, and in how many draws, and what else to know of it."""
    for rule, trials in by_rule(found).items():
        missed = Counter(told for trial in trials for told in dict.fromkeys(trial.missed))
        for sentence, times in missed.items():
            yield f"{rule} misses{f' in {times} of {len(trials)} draws' if len(trials) > 1 else ''}: {sentence}"
        for sentence in dict.fromkeys(told for trial in trials for told in trial.remarks):
            yield f"{rule}: {sentence}"


def left_out(found: Trials) -> Iterator[str]:
    """What could not be tried, and why."""
    return (f"{trial.rule} is left out: {trial.reason}" for trial in found.trials if trial.reason)


def best_at(rules: dict[str, list[Trial]], name: str) -> list[str]:
    """The rules by the mean of a metric, the best first."""
    sense = SENSES.get(name, "less" if "distance" in name else "more")
    means = {rule: fmean(values) for rule, trials in rules.items() if (values := _values(trials, name))}
    return sorted(means, key=lambda rule: means[rule] if sense == "less" else -means[rule])


def _values(trials: Sequence[Trial], name: str) -> list[float]:
    return [float(value) for trial in trials if (value := trial.figures.get(name)) is not None]


def _mean_cell(trials: Sequence[Trial], name: str) -> str:
    values = _values(trials, name)
    if not values:
        return ""
    half = half_width(values)
    return f"{fmean(values):,.3f}" + ("" if half is None else f" ± {half:.3f}")


def _table_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


BENCHMARK = FolderKind("benchmark")
_TYPES = {
    **are(NUMBER, "value", "low", "high", "share_of_optimum", "fit", "fit_optimal", "difference", "fit_status_quo"),
    **are(NUMBER, "distance_km", "share"),
    **are(WHOLE, "draws", "blocking_pairs", "school_misreports", "nle_misreports"),
    "pareto_improvement": YES_NO,
}
"""The columns of the tables that are no text."""


@dataclass(frozen=True, eq=False, repr=False)
class Benchmark(Answer):
    """Matching rules side by side on the same cases.

    Attributes:
        scenarios: what was tried on.
        trials: everything tried on each; the optimal rule comes first.
        searched: what was searched for on small cases, a row a rule.
    """

    scenarios: Sequence[Scenario]
    trials: Sequence[Trials]
    searched: Sequence[Row]

    def __repr__(self) -> str:
        rules = dict.fromkeys(trial.rule for found in self.trials for trial in found.trials)
        names = ", ".join(found.scenario for found in self.trials)
        return f"<Benchmark of {counted_in_words(len(rules), 'rule')} on {names}>"

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`benchmark`, every metric of every rule; `winners_losers`, `differences`, `allocations`, `shares` of random
        rules, and `properties` where they were searched for. Distances are in kilometres.
        """
        made = dict(tables_of(self.trials))
        if self.searched:
            made["properties"] = (tuple(self.searched[0]), list(self.searched))
        return {
            name: typed(name, {column: [row[column] for row in rows] for column in header}, _TYPES)
            for name, (header, rows) in made.items()
        }

    def document(self) -> dict[str, Any]:
        """The same for programs: the content of `benchmark.json`."""
        failed = [
            {"scenario": found.scenario, "rule": trial.rule, "reason": trial.reason}
            for found in self.trials
            for trial in found.trials
            if trial.reason
        ]
        told = [
            {"scenario": scenario.settings.name, **finding.entry()}
            for scenario in self.scenarios
            for finding in scenario.findings
        ]
        return {
            "schema_version": 1,
            "rows": [row for found in self.trials for row in figure_rows(found)],
            "left_out": failed,
            "said": [{"scenario": found.scenario, "sentences": list(sentences(found))} for found in self.trials],
            "properties": list(self.searched),
            "findings": told,
        }

    def write(self, folder: str | Path, *, report: bool = True, force: bool = False) -> Path:
        """Write tables, `benchmark.json`, `benchmark.md` and a page into a folder, complete or not at all.

        Args:
            folder: where it is to lie.
            report: whether the page is wanted.
            force: whether an earlier one is replaced.

        Returns:
            The folder.

        Raises:
            RunFolderError: it exists, or cannot be written.
        """
        files = {f"{name}.csv": csv_bytes(table.columns) for name, table in self.tables.items()}
        document = self.document()
        files["benchmark.json"] = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
        files["benchmark.md"] = markdown(self.trials).encode()
        if report:
            files["report.html"] = self._page(document["rows"])
        files[MANIFEST] = json.dumps(self._manifest()).encode()
        return write_files(Path(folder), BENCHMARK, files, force=force)

    def _page(self, rows: Sequence[Row]) -> bytes:
        fits = {
            found.scenario: {
                trial.rule: (trial.fit / MILLION).tolist() for trial in found.trials if trial.fit is not None
            }
            for found in self.trials
        }
        told = [sentence for found in self.trials for sentence in (*sentences(found), *left_out(found))]
        return benchmark_page(rows, fits, told)

    def _manifest(self) -> dict[str, Any]:
        """Command and times, which alone differ from one benchmark to the next."""
        seconds: dict[str, float] = {}
        for trial in (trial for found in self.trials for trial in found.trials):
            seconds[trial.rule] = round(seconds.get(trial.rule, 0.0) + trial.seconds, 4)
        return {"command": command_line(), "seconds": seconds}

"""A benchmark in Markdown: the means, who is best at what, how often limits are missed, what could not be tried."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean

from nle_optimizer.errors import visible
from nle_optimizer.evidence.measures.registry import METRICS
from nle_optimizer.studies.benchmark.tables import aim_of, better_and_worse, by_rule, half_width, titled
from nle_optimizer.studies.benchmark.trial import Trial, Trials

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
    yield _row(["rule", *map(titled, shown), "better off", "worse off", "limits missed"])
    yield "|" + "---|" * (len(shown) + 4)
    for rule, trials in rules.items():
        missed = sum(bool(trial.missed) for trial in trials)
        counts = [f"{count:,}" for count in moved[rule]] if rule in moved else ["", ""]
        yield _row([rule, *(_mean(trials, name) for name in shown), *counts, f"{missed} of {len(trials)}"])
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


def _mean(trials: Sequence[Trial], name: str) -> str:
    values = _values(trials, name)
    if not values:
        return ""
    half = half_width(values)
    return f"{fmean(values):,.3f}" + ("" if half is None else f" ± {half:.3f}")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"

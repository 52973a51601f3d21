"""A benchmark in Markdown: the means, who is best at what, how often limits are missed, what could not be tried."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from nle_optimizer.evidence.measures.registry import METRICS
from nle_optimizer.studies.benchmark.tables import by_rule, half_width
from nle_optimizer.studies.benchmark.trial import Trial, Trials

SHOWN = ("coverage", "total_fit", "mean_fit", "min_fit", "gini_fit", "mean_rank", "mean_distance_km", "blocking_pairs")
MOST_BEST = 3
SENSES = {metric.name: metric.sense for metric in METRICS}


def markdown(found: Sequence[Trials]) -> str:
    """The whole, a section a scenario."""
    return "\n".join(line for trials in found for line in _section(trials)) + "\n"


def _section(found: Trials) -> Iterator[str]:
    rules = by_rule(found)
    yield f"# {found.scenario}"
    yield ""
    yield "Means of the draws, with half the 95 % interval where there are several."
    yield ""
    yield _row(["rule", *SHOWN, "limits missed"])
    yield "|" + "---|" * (len(SHOWN) + 2)
    for rule, trials in rules.items():
        missed = sum(bool(trial.missed) for trial in trials)
        yield _row([rule, *(_mean(trials, name) for name in SHOWN), f"{missed} of {len(trials)}"])
    yield from ("", "Best at each, ties by the order above:", "")
    for name in SHOWN:
        ranked = best_at(rules, name)
        if ranked:
            yield f"- {name.replace('_', ' ')}: {', '.join(ranked[:MOST_BEST])}"
    for rule, trials in rules.items():
        for sentence in dict.fromkeys(told for trial in trials for told in trial.missed):
            yield f"- {rule} misses: {sentence}"
    for trial in found.trials:
        if trial.reason:
            yield f"- {trial.rule} is left out: {trial.reason}"
    yield ""


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

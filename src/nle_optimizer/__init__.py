"""Matches schools and trusts with National Leaders of Education: exact, proved, explained.

    from nle_optimizer import explain, run

    made = run("england.yaml")
    made.allocation.to_pandas()
    print(explain(made, "100001").text)
    made.write("runs/england")

Every command of `nle-optimizer` has a function of its name. Those that answer a question give tables: `to_pandas()` is
the main one, `tables` has all. Distances are in kilometres, days and money in what the scenario's tables count in,
fits from 0 to 1 unless the pairs table gives its own. Every fault in what is given is a
`nle_optimizer.errors.NleOptimizerError`; a plain mistake in a call is a `TypeError` that says what to write instead.
Nothing is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nle_optimizer.reports.files_for_people import report
    from nle_optimizer.reports.run_folder import load_run
    from nle_optimizer.reports.verifying import verify
    from nle_optimizer.result import Result
    from nle_optimizer.running import allocate
    from nle_optimizer.scenario.scenario import Scenario, load_scenario
    from nle_optimizer.sources.england.importer import import_england
    from nle_optimizer.sources.synthetic.tables import generate
    from nle_optimizer.studies.benchmark.tasks import benchmark
    from nle_optimizer.studies.comparison.comparison import compare
    from nle_optimizer.studies.explaining.explain import explain
    from nle_optimizer.studies.frontier import frontier
    from nle_optimizer.studies.marginal.marginal import marginal
    from nle_optimizer.studies.recruitment import recruit
    from nle_optimizer.studies.replanning.replaying import replan
    from nle_optimizer.studies.runs import run
    from nle_optimizer.studies.sweep.conduct import sweep

    __version__: str


__all__ = [
    "Result",
    "Scenario",
    "allocate",
    "benchmark",
    "compare",
    "explain",
    "frontier",
    "generate",
    "import_england",
    "load_run",
    "load_scenario",
    "marginal",
    "recruit",
    "replan",
    "report",
    "run",
    "sweep",
    "verify",
]

_HOMES = {
    "allocate": "nle_optimizer.running",
    "benchmark": "nle_optimizer.studies.benchmark.tasks",
    "compare": "nle_optimizer.studies.comparison.comparison",
    "explain": "nle_optimizer.studies.explaining.explain",
    "frontier": "nle_optimizer.studies.frontier",
    "generate": "nle_optimizer.sources.synthetic.tables",
    "import_england": "nle_optimizer.sources.england.importer",
    "load_run": "nle_optimizer.reports.run_folder",
    "load_scenario": "nle_optimizer.scenario.scenario",
    "marginal": "nle_optimizer.studies.marginal.marginal",
    "recruit": "nle_optimizer.studies.recruitment",
    "replan": "nle_optimizer.studies.replanning.replaying",
    "report": "nle_optimizer.reports.files_for_people",
    "run": "nle_optimizer.studies.runs",
    "Scenario": "nle_optimizer.scenario.scenario",
    "Result": "nle_optimizer.result",
    "sweep": "nle_optimizer.studies.sweep.conduct",
    "verify": "nle_optimizer.reports.verifying",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("nle-optimizer")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

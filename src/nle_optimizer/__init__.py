"""Matches schools and trusts with National Leaders of Education: exact, proved, explained.

    from nle_optimizer import load_scenario, allocate, verify

    result = allocate(load_scenario("england.yaml"))
    assert verify(result) == []
    result.allocation.to_pandas()

Distances are in kilometres, days and money in what the scenario's tables count in, fits from 0 to 1 unless the pairs
table gives its own. Every fault in what is given is a `nle_optimizer.errors.NleOptimizerError`; a plain mistake in a
call is a `TypeError` that says what to write instead. Nothing is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nle_optimizer.reports.run_folder import load_run
    from nle_optimizer.reports.verifying import verify
    from nle_optimizer.result import Result
    from nle_optimizer.running import allocate
    from nle_optimizer.scenario.scenario import Scenario, load_scenario

    __version__: str


__all__ = ["Result", "Scenario", "allocate", "load_run", "load_scenario", "verify"]

_HOMES = {
    "allocate": "nle_optimizer.running",
    "load_run": "nle_optimizer.reports.run_folder",
    "load_scenario": "nle_optimizer.scenario.scenario",
    "Scenario": "nle_optimizer.scenario.scenario",
    "Result": "nle_optimizer.result",
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

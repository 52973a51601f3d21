"""Matches schools and trusts with National Leaders of Education: exact, proved, explained.

    from nle_optimizer import load_scenario, allocate, verify

    result = allocate(load_scenario("england.yaml"))
    assert verify(result) == []
    result.allocation.to_pandas()

Nothing is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nle_optimizer.reports.run_folder import verify
    from nle_optimizer.result import Result
    from nle_optimizer.running import allocate
    from nle_optimizer.scenario.scenario import Scenario, load_scenario


__all__ = ["Result", "Scenario", "allocate", "load_scenario", "verify"]

_HOMES = {
    "allocate": "nle_optimizer.running",
    "load_scenario": "nle_optimizer.scenario.scenario",
    "Scenario": "nle_optimizer.scenario.scenario",
    "Result": "nle_optimizer.result",
    "verify": "nle_optimizer.reports.run_folder",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A scenario that can take the process that works on it with it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nle_optimizer.scenario.scenario import Scenario

DEADLY = 666
"""The seed that ends the process."""


@dataclass(frozen=True)
class Mortal:
    """Behaves as its scenario, but for one seed, under which the process dies; with a `mark`, only the first time."""

    scenario: Scenario
    mark: Path | None = None

    def replace(self, changes: Mapping[str, Any]) -> Scenario:
        """The scenario with changes."""
        if changes.get("seed") == DEADLY and not (self.mark and self.mark.exists()):
            if self.mark:
                self.mark.touch()
            os._exit(1)
        return self.scenario.replace(changes)

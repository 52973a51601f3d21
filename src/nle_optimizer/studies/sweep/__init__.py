"""Many what-ifs of one scenario: planned, carried out on every core or machine, resumed where they stopped."""

from nle_optimizer.studies.sweep.conduct import sweep
from nle_optimizer.studies.sweep.points import Wanted

__all__ = ["Wanted", "sweep"]

"""A synthetic England: schools clustered as the real ones are, trusts, and NLEs; not one of them is real."""

from nle_optimizer.sources.synthetic.generator import Request, SyntheticEngland, draw_england
from nle_optimizer.sources.synthetic.tables import SyntheticScenario, generate, write_scenario

__all__ = ["Request", "SyntheticEngland", "SyntheticScenario", "draw_england", "generate", "write_scenario"]

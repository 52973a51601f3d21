"""A synthetic England: schools clustered as the real ones are, trusts, and NLEs; not one of them is real."""

from nle_optimizer.sources.synthetic.generator import Request, SyntheticEngland, generate
from nle_optimizer.sources.synthetic.tables import write_scenario

__all__ = ["Request", "SyntheticEngland", "generate", "write_scenario"]

"""Verification: a second, independent reading of the inputs and the result.

Nothing here imports what built or solved the model; the two share only the reader of scenarios and tables.
"""

from nle_optimizer.evidence.verification.checker import check_claim

__all__ = ["check_claim"]

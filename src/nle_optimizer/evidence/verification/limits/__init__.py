"""The hard limits, counted anew over the claimed allocation."""

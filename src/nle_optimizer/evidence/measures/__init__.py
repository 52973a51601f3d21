"""Metrics by which allocations of one case are compared, each defined once."""

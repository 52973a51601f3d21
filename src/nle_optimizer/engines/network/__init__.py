"""Exact min-cost flow for one unit-size resource: ordered levels, whole prices, seeded ties."""

"""How much is taken on at most; what is more is refused, and told why."""

MOST_SECONDS = 2_592_000
"""Of a limit of time: thirty days."""
MOST_DRAWS = 100_000
MOST_SEEDS = 1_000_000
"""In a row, for each point of a sweep."""
MOST_WORKERS = 1_000
MOST_POINTS = 10_000
"""Of a trade-off curve."""
MOST_RECRUITS = 10_000
MOST_SEARCHES = 100_000
"""For recruits, beyond taking the best one after the other."""

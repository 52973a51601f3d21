"""Rules that optimise something else than the scenario's objectives, or over fewer pairs."""

"""Why: a school, an NLE or a pair of a run, and what it would take."""

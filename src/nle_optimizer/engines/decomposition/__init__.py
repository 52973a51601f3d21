"""Column generation and Lagrangian bounds for pairs that take different amounts of an NLE's capacity."""

"""The problem in plain integers."""

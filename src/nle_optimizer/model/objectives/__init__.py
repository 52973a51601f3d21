"""Objectives: each states its name, sense, unit and formula, and gives whole amounts per pair."""

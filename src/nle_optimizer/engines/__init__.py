"""Solvers behind one door; the only place that imports one."""

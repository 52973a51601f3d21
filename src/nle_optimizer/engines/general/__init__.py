"""Whole-number programs for every problem, solved by CP-SAT or HiGHS in a process of their own."""

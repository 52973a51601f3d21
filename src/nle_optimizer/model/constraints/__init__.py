"""Constraints: each type says what its rows count; rows and violations are made of that in two ways."""

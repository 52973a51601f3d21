"""Matching rules side by side on the same cases."""

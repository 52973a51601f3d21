"""Matching rules: one published procedure a file."""

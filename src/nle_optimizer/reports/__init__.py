"""A result as files and as text; computes nothing."""

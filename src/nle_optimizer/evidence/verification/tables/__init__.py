"""Every cell of the tables and figures of a run, derived anew."""

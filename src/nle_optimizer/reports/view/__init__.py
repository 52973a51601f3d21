"""What the files made for people show: a run's own tables, whether it was just made or is read from its folder."""

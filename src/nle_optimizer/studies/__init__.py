"""Questions about many runs, or about one run and its neighbours."""

"""Charts as figures: what is counted and how it is to be drawn, for a page or for slides."""

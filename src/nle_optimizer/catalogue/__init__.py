"""What is said about things, as data alone: names and meanings that every other part takes from here."""

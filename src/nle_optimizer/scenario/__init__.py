"""The document a planner writes, and the tables it names."""

"""Rules from school choice in which recipients choose and NLEs have priorities."""

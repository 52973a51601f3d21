"""What is said to prove a result, re-evaluated by plain code."""

"""The planner's week: an earlier run, what was decided since, and the plan that disturbs the earlier one least."""

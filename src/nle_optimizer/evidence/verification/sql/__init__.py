"""The second reading in SQL: the inputs and what was published as relations, and statements that anybody can run."""

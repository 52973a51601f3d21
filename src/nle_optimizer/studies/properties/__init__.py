"""Properties of rules found by search on small cases: who gains by a misreport, who blocks, what would be better."""

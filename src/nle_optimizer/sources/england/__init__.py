"""England's official extracts (GIAS, Ofsted, trust links, finance) turned into the tables of a scenario."""

"""Recipients take turns: serial dictatorship, and the orders of turns it is run with."""

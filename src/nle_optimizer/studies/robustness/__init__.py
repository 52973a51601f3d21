"""How a plan stands up to estimates that are off, people who withdraw, and other weights of the areas."""

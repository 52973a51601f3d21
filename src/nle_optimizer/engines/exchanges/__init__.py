"""What changes of a network's optimal allocation are worth, without solving again."""

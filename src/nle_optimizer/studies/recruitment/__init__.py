"""Where further NLEs would add most."""

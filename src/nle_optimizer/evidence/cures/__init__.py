"""What would serve a recipient that is left out, everybody else staying as they are, kind by kind."""

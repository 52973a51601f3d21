"""Who may be matched and what the NLEs have to give, read anew from the inputs."""

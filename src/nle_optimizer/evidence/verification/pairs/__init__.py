"""Which pairs are possible and what each measures, read anew from the inputs."""

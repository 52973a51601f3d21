"""The trade-off between two objectives, exactly: what more of one costs of the other."""

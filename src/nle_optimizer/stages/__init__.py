"""From records to arrays of candidate pairs, one stage after the other."""

"""Where tables come from: official extracts, and a synthetic England."""

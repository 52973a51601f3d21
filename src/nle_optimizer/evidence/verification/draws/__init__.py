"""What draws are said to have given, as far as that can be told without drawing again."""

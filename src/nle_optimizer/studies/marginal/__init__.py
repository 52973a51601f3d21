"""What one more and one fewer of everything is worth."""

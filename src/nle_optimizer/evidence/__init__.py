"""What makes a result worth believing."""

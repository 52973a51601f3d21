"""What changed between two run folders; computes no allocation and needs no solver."""

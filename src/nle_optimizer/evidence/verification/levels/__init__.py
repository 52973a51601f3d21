"""The ordered objectives, worked out anew from the settings."""

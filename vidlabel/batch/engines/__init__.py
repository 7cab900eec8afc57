"""What runs the units of work."""

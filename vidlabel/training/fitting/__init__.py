"""Training of heads: windows, losses, updates, and what is chosen on held-out clips."""

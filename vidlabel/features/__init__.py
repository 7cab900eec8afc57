"""From samples to feature vectors."""

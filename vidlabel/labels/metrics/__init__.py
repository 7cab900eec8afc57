"""Metrics of predictions against labels, and what an evaluation holds."""

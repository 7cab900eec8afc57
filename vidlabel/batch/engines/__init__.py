"""Engines, which run units of work."""

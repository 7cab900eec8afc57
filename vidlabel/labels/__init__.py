"""Segments, result formats, metrics: pure data, no torch, no video."""

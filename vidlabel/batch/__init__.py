"""Batches: from many videos to many files."""

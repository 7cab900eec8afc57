"""A local page on which a person corrects labels beside the videos, and the table that comes of it."""

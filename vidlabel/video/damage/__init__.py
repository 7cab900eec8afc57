"""Signs that a file is damaged, and how much of it is missing."""

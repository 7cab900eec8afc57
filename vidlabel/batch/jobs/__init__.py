"""Jobs: the work on one video of a batch."""

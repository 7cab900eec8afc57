"""What is done to one video of a batch."""

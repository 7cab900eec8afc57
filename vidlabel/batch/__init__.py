"""From one video to its labels, and from many videos to many files."""

"""From one video to its labels."""

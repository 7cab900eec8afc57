"""The sound of videos: any audio stream as 16 kHz mono, on the clock of the pictures."""

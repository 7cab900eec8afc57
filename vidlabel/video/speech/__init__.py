"""Speech as lines of text, by a Whisper model in a process of its own."""

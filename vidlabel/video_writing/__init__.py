"""Writing videos: clips of segments, and copies with labels burnt in."""

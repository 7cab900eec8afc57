"""From packets to frames: one module a decoder, and which of them reads a file."""

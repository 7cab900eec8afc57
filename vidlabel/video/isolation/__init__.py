"""Decoding in a process of its own, which a video cannot take the program down with."""

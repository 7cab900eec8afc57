"""Decoding in a separate process, so that no video can crash the program."""

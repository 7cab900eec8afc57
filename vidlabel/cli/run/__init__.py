"""Runs the commands with the options they were given."""

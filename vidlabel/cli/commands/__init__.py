"""The commands: their options and help, one module each."""

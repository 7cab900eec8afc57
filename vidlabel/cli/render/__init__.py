"""Output of the commands: progress, tables and reports."""

"""What the commands do with the options they were given."""

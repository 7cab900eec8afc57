"""Networks in files of the user: opened, tried, and run as the published ones are."""

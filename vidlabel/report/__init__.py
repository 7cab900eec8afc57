"""Files for people to look at: plots and tables of evaluations."""

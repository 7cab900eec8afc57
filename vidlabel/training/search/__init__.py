"""The search for settings of training: trials in cross-validation by group, within a time budget."""

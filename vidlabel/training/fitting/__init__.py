"""Heads that learn: windows, losses, updates, and what is chosen on clips that were not learnt from."""

"""How right models are: trained on a part and asked about the rest, or as they are."""

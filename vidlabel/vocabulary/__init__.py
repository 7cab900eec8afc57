"""Labels in words: scores for labels that no model was trained on."""

"""Evaluation of models: in cross-validation, or as they are."""

"""Recurrent heads, and the model file that holds one with all that is needed to use it."""

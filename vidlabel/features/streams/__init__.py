"""Kinds of evidence in a video: one module each, behind one interface."""

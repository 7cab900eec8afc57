"""From labelled videos to a model."""

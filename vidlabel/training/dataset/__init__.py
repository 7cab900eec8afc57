"""What training learns from: labelled videos, checked, split and turned into features and targets."""

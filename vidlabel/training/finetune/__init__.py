"""Fine-tuning the last blocks of the encoder."""

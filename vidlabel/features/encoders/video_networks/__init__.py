"""Networks that turn clips into features: those of torchvision, which learnt the 400 actions of Kinetics."""

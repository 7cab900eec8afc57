"""Networks that turn pictures into features, their weights, and the libraries that run them."""

"""Videos as browsers show them: whether they can play a file itself, and a copy of it that they can play."""

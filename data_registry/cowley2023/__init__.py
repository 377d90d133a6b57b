"""V4 neurons under single images (Cowley et al. 2023), read by their card alone."""

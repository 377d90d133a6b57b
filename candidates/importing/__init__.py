"""Published checkpoints, read without running anything in them, as folders of candidates."""

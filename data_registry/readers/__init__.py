"""Formats of files, read without running anything in them."""

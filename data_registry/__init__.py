"""Data sets: a folder each, with a card and a loader; bytes in, labelled recordings out."""

from .interface import Dataset, load_dataset, registry

__all__ = ["Dataset", "load_dataset", "registry"]

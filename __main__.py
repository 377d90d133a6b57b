"""``python -m innerscore``."""

from .cli import main

main()

"""Other people's tooling, one room each; the rest of innerscore knows nothing of it."""

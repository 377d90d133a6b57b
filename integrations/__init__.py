"""Other people's tooling, one package each; the rest of innerscore knows nothing of it."""

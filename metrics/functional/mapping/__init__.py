"""Maps from a model's units to neuroids, tested on held-out conditions, with noise ceilings and bootstraps."""

"""innerscore: score models of the brain's inner simulations against recordings and behaviour."""

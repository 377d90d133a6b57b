"""Sargolini et al. 2006: entorhinal cells of rats that forage in a box."""

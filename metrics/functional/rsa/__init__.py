"""Representational similarity: dissimilarity matrices, their comparison, noise ceilings and intervals."""

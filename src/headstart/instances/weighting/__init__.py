"""Weights by ratios of densities."""

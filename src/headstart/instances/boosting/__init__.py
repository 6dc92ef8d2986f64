"""Weights by boosting."""

"""Fitted models: fit, save, load, listen."""

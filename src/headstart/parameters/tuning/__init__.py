"""Tuning of the last layers or of all."""

"""Heads, dropout and norms."""

"""Optimal transport plans, exact and entropic, and maps made from them."""

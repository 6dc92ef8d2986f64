"""Mappings that bring source and target together."""

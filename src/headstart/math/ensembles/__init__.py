"""Boosting and trees that borrow from a source."""

"""Instances as what is transferred: weights of source rows."""

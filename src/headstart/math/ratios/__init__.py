"""Density ratios p_target / p_source at the rows of a source, as pure functions."""

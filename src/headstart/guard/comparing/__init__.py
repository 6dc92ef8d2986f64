"""Fitting and scoring candidates on the same folds, within a budget."""

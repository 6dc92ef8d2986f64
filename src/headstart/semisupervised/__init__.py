"""Unlabelled rows as what is borrowed: classifiers that learn from few labels and many rows without any."""

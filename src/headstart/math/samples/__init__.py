"""Two samples: whether they differ, how far, and what shares their classes have."""

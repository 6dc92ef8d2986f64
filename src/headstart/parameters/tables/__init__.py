"""Linear models and forests that start from a source."""

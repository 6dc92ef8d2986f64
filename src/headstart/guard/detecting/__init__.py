"""Detectors on the same folds: what each finds in pictures that it has not seen, the verdict, and what to expect."""

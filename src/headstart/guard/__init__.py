"""The same folds, the verdict, the estimate."""

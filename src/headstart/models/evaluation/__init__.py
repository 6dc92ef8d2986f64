"""A finished model on labelled data that it did not learn from: what it does, and whether its promise held."""

"""Networks to folders, with cards."""

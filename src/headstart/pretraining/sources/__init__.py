"""From what the user names to a source, and what it is worth."""

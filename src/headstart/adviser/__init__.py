"""Before learning: what would help. And which examples to label next."""

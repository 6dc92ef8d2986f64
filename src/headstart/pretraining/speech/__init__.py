"""Words that are spoken by a synthesiser, in rooms and noise."""

"""What a network sees: its filters, what its channels answer to, and where a prediction looked."""

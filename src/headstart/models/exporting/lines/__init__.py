"""The lines of Python that run an exported model, and what they read."""

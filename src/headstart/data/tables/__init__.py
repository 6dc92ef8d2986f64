"""Tables of values: frames, columns, encoding."""

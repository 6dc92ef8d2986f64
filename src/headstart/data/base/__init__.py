"""What all kinds of input share."""

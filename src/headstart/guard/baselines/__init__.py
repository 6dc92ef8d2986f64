"""Learning from the target alone, with simple features."""

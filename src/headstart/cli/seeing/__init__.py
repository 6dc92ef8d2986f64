"""Commands that show what networks see."""

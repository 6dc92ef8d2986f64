"""Which one is taken, and the verdict on transfer."""

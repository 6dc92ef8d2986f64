"""Finding things of new classes by borrowing what a network, or a detector of other things, has learned."""

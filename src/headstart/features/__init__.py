"""Features as what is transferred: mappings that bring source and target together, and methods built on them."""

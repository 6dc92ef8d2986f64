"""A head of another domain, adapted to the target's rows without labels."""

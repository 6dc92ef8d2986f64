"""Running networks: batches, runners, cached features."""

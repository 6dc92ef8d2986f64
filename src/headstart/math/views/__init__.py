"""Several views of the same objects: canonical correlation, a missing view from the others, co-training, products."""

"""Sources of one's own: supervised, self-supervised, distilled, rendered."""

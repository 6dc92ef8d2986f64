"""Networks for sounds and texts, and what stands in front of them."""

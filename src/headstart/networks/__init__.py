"""Pretrained bodies: load, cut, embed, cache, save."""

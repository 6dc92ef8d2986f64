"""Pretrained bodies and the folders they live in."""

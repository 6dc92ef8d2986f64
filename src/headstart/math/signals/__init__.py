"""Descriptors of pictures, sounds and texts."""

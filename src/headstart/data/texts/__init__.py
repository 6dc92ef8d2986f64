"""Texts: decoding, tokens, preprocessing, inspection."""

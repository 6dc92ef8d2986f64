"""Clips of sound: files, arrays, decoding, preprocessing, augmentation, inspection."""

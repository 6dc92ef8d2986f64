"""Pictures: files, arrays, decoding, preprocessing, augmentation, inspection."""

"""What is there is recognised once, then read: folders, tables, texts, values, arrays."""

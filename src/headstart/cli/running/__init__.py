"""A command while it runs: how long it may, and what is said when it is stopped."""

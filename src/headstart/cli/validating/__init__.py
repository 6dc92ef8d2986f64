"""Is a model still valid: what it does on labelled data of its users."""

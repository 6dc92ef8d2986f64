"""A model behind an address: a page to try it, an API, corrections."""

"""Whichever kind it is: canvases, store, variants."""

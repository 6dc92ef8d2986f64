"""Boxes that were found against boxes that were drawn: overlap, matching, average precision, counting."""

"""When, what, how: measured evidence, verdict, and the guard."""

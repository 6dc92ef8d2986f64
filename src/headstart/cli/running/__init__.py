"""How long a command may run, and what ends it before."""

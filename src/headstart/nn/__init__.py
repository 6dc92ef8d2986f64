"""Pure torch functions and modules: heads, losses, penalties. No loops over epochs."""

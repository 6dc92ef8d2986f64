"""Parameters as what is transferred: head, last layers, all layers."""

"""Examples to train on, and views of them."""

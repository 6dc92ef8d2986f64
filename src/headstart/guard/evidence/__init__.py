"""What was measured, as plain values."""

"""What a single prediction looked at."""

"""What users have becomes a data set."""

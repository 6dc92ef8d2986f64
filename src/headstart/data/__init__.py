"""What users have becomes a data set: folders, tables, arrays; splits; preprocessing on the way in."""

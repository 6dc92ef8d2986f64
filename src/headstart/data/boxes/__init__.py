"""Pictures in which things are marked by boxes."""

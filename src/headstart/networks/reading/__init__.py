"""Networks from hubs, folders, files and modules."""

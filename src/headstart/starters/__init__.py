"""Small pretrained bodies that ship with the package."""

"""Pictures that are rendered from formulas."""

"""Ratios of densities of two samples."""

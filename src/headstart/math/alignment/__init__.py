"""Mappings between two samples: correlation, components, subspaces, autoencoders, geodesics."""

"""Labelled sets: labels, tasks, groups, splits, screening."""

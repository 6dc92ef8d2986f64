"""Tests, intervals, calibration, scores and distances between samples."""

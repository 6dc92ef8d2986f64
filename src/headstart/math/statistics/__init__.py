"""Tests, intervals, calibration and scores."""

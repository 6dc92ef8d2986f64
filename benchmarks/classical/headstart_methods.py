"""headstart's classical methods for the benchmarks, with their defaults. Imported by `worker.py`."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("headstart")
ACCURACY: dict = {}
SPEED: dict = {}
CLASSES_ONLY: set[str] = set()
NUMBERS_ONLY: set[str] = set()

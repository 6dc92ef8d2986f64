"""Pure NumPy and SciPy functions: solvers, distances, statistics. Never imports torch."""

"""Where a network is cut: tracing, chains, stubs."""

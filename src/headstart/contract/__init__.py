"""What every method promises: sources and targets, options, cards, the catalogue."""

"""Where things are: addresses to positions, positions to distances."""

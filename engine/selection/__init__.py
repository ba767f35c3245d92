"""The run: rank, deduct, and the reading of what came out."""

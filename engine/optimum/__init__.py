"""A batch as a whole: a lower bound of what it costs, and an allocation that nearly reaches it."""

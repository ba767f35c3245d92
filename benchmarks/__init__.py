"""What is timed, against what, and how: ``make bench`` and ``make bench-smoke``."""

"""What if: scenarios as data, and their runs side by side."""

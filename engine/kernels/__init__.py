"""Compiled loops on numpy arrays: they know neither names nor tables."""

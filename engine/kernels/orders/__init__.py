"""Kernels that serve whole orders by a policy, one after the other."""

"""Kernels that decide a batch as a whole: prices of stock, and orders at these prices."""

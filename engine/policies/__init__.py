"""Policies as data: which sources may serve, how they rank, what an order is put together from."""

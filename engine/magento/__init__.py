"""Magento at both ends: a store's database as tables."""

"""Magento at both ends: a store's database and files as tables, and what it takes back."""

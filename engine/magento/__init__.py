"""Magento at both ends: what it hands over, and what it takes back."""

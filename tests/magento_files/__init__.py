"""Magento's files, in and out."""

"""The REST service: Magento's requests and answers over a store in one file."""

"""From order lines that come batch by batch to whole orders in sequence."""

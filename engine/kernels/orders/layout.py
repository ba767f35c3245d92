"""Where the work space of sets of sources holds what."""

ROW_SKU, ROW_NEED, ROW_START, ROW_HAVE = range(4)
"""Rows of `Work.rows`: SKU, what is wanted of it, its first entry, what all sources could give."""

ENTRY_SLOT, ENTRY_HAVE = range(2)
"""Columns of `Work.entries`: a slot, and what it could give of the row's SKU."""

(
    SLOT_SOURCE,
    SLOT_UNITS,
    SLOT_FULL,
    SLOT_LEVEL,
    SLOT_UNIT_COST,
    SLOT_CAPACITY,
    SLOT_COST,
    SLOT_SHIPMENT,
    SLOT_PLACE,
    SLOT_EXCESS,
    KEYS,
) = range(11)
"""Columns of `Work.slots`: the source; what it gives alone, and of how many rows all; its stock
level; its unit cost; the units that it may give; what the order's cost changes by what it gives
alone; the least that a shipment costs; its place in ranking order; what it adds at least to the
cost of a set; and from there its keys."""

SORTED, BEST, TRIAL, BY_COST, MEMBER_UNITS, SHIPMENTS, EXCESS = range(7)
"""Rows of `Work.members`: slots in ranking order; places in it of the best set and of the one that
is tried; the latter by unit cost, and what they give; the least costs of shipments, rising; and
what the members so far add at least."""

UNREACHED = 1 << 62
"""Missing units of a set that may not be; and the cost that no set reaches."""

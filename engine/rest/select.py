"""One request, answered at once: in Python, since a kernel's call costs more than its work here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.catalog import Catalog
from engine.rest.ranks import Skus
from engine.rest.search_sql import fold
from engine.types import QTY_SCALE


class Wanted(NamedTuple):
    """An item of a request; ``quantity`` in 1e-4 units, 0 or more."""

    sku: str
    quantity: int


def select(
    catalog: Catalog,
    skus: Skus,
    codes: Sequence[str],
    ranks: Sequence[int],
    wanted: Sequence[Wanted],
) -> dict[str, Any]:
    """Decide which source gives what to one request; nothing is deducted.

    Parameters
    ----------
    catalog
        The inventory.
    skus
        Those of the catalogue.
    codes
        (num_sources,) ``source_code`` of each source; from Arrow each would be 0.5 us.
    ranks
        (num_sources,) place of each source, below 0 where it is no candidate.
    wanted
        The items; those of one SKU are summed, where the first of them stands.

    Returns
    -------
    MSI's answer: ``source_selection_items``, item by item and then in the order of sources,
    those that give nothing included, and ``shippable``.

    Notes
    -----
    MSI: ``GetDefaultSortedSourcesResult``; the same rule as `engine.allocate` with
    ``include_zero``, to which a test holds it.

    Examples
    --------
    >>> from engine.folders import read_catalog
    >>> from engine.packaged import packaged
    >>> catalog = read_catalog(packaged("msi_example/catalog"))
    >>> skus = Skus(catalog.sku_index)
    >>> codes = catalog.sources["source_code"].to_pylist()
    >>> answer = select(catalog, skus, codes, [1, 0, -1, -1, 3, 2], [Wanted("24-wb01", 400_000)])
    >>> for row in answer["source_selection_items"]:
    ...     print(*row.values())
    baltimore_wh 24-WB01 35 35
    austin_wh 24-WB01 5 10
    reno_wh 24-WB01 0 25
    """
    items = catalog.items
    needs = merged(wanted)
    found = skus.find(list(needs))
    rows: list[dict[str, Any]] = []
    shippable = True
    for sku, need in zip(found, needs.values(), strict=True):
        if sku < 0:
            shippable &= need == 0
            continue
        start, stop = items.offsets[sku : sku + 2].tolist()
        columns = (items.sources, items.in_stock, items.quantity, items.reserved)
        of_sku = zip(*(column[start:stop].tolist() for column in columns), strict=True)
        candidates = sorted(
            (ranks[source], source, quantity, reserved)
            for source, in_stock, quantity, reserved in of_sku
            if in_stock and ranks[source] >= 0
        )
        managed = bool(catalog.stock_items.manage_stock[sku])
        name = catalog.sku_names[sku].as_py()
        for _, source, quantity, reserved in candidates:
            available = max(quantity - reserved, 0) if managed else quantity
            given = min(need, available) if managed else need
            need -= given
            rows.append(
                {
                    "source_code": codes[source],
                    "sku": name,
                    "qty_to_deduct": number(given),
                    "qty_available": number(available),
                }
            )
        shippable &= need == 0
    return {"source_selection_items": rows, "shippable": shippable}


def number(units: int) -> int | float:
    """Return a quantity as JSON has it: whole where it is.

    Examples
    --------
    >>> number(200_000), number(195_000)
    (20, 19.5)
    """
    whole, rest = divmod(units, QTY_SCALE)
    return units / QTY_SCALE if rest else whole


def merged(wanted: Sequence[Wanted]) -> dict[str, int]:
    """Sum up what is wanted of each SKU, by its folded name, in the sequence of the first ones."""
    needs: dict[str, int] = {}
    for sku, quantity in wanted:
        key = fold(sku)
        needs[key] = needs.get(key, 0) + quantity
    return needs

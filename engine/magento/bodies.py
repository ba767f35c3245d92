"""Shipments as JSON: what to post, and where."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.tables.quantity import decimal_to_units
from engine.tables.whole import whole
from engine.types import QTY_SCALE, IntArray

_ROWS = 1 << 18
"""Shipments that are turned into text at a time: Arrow's texts end at 2 GiB."""


def json_lines(shipments: pa.Table) -> Iterator[bytes]:
    r"""Yield shipments as lines of JSON, many at once.

    Parameters
    ----------
    shipments
        The ``table`` of what `engine.magento.shipments.shipments` returns.

    Yields
    ------
    A line for each shipment: its order, the path below ``/rest/STORE_CODE`` that it is posted to,
    and the body. Quantities are exact.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from engine.magento.shipments import ITEMS
    >>> items = pa.array([[{"order_item_id": 3, "qty": Decimal("19.5000")}]], ITEMS)
    >>> table = pa.table({"order_id": [17], "source_code": ["ne_wh"], "items": items})
    >>> print(*b"".join(json_lines(table)).decode().split('"body":'), sep="\n", end="")
    {"order_id":17,"path":"/V1/order/17/ship",
    {"items":[{"order_item_id":3,"qty":19.5}],"notify":false,"arguments":{"extension_attributes":{"source_code":"ne_wh"}}}}
    """
    for start in range(0, shipments.num_rows, _ROWS):
        lines = _lines(shipments.slice(start, _ROWS))
        # The texts stand in memory one after the other, as they will in the file.
        _, offsets, text = lines.buffers()
        yield text.to_pybytes()[: np.frombuffer(offsets, np.int32)[len(lines)]]


def _lines(shipments: pa.Table) -> pa.Array:
    lists = whole(shipments["items"])
    items = lists.flatten()
    item_texts = _joined(
        '{"order_item_id":',
        items.field("order_item_id").cast(pa.string()),
        ',"qty":',
        _numbers(np.asarray(decimal_to_units(items.field("qty")))),
        "}",
    )
    offsets = pc.subtract(lists.offsets, lists.offsets[0])
    orders = whole(shipments["order_id"]).cast(pa.string())
    return _joined(
        '{"order_id":',
        orders,
        ',"path":"/V1/order/',
        orders,
        '/ship","body":{"items":[',
        pc.binary_join(pa.ListArray.from_arrays(offsets, item_texts), ","),
        '],"notify":false,"arguments":{"extension_attributes":{"source_code":',
        _quoted(whole(shipments["source_code"])),
        "}}}}\n",
    )


def _joined(*texts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*texts, "")


def _numbers(units: IntArray) -> pa.Array:
    """Return quantities in 1e-4 units, not negative, as JSON prints them."""
    number, part = np.divmod(units, QTY_SCALE)
    decimals = pa.array([""] + [f".{at:04}".rstrip("0") for at in range(1, QTY_SCALE)])
    return _joined(pa.array(number).cast(pa.string()), decimals.take(pa.array(part)))


def _quoted(texts: pa.Array) -> pa.Array:
    """Return texts as JSON; few of them differ."""
    codes = texts.dictionary_encode()
    quoted = [msgspec.json.encode(text).decode() for text in codes.dictionary.to_pylist()]
    return pa.array(quoted, pa.string()).take(codes.indices)

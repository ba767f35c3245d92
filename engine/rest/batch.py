"""Many requests in one call, decided as one batch by the engine's kernels."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import encode_orders
from engine.places.geocode import Locator
from engine.rest.errors import ApiError
from engine.rest.requests import InventoryRequest
from engine.rest.select import merged, number
from engine.selection.plan import find_plan
from engine.selection.result import Part
from engine.selection.run import Run
from engine.tables.findings import raise_findings, shown_text
from engine.tables.quantity import column_units, units_to_decimal
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders
from engine.types import MAX_QTY


def decide(
    catalog: Catalog,
    orders: Mapping[str, Any],
    *,
    algorithm: SourceSelectionAlgorithm,
    mode: str,
    include_zero: bool,
    locator: Locator,
) -> Part:
    """Decide a batch; nothing is deducted from the catalogue.

    Parameters
    ----------
    catalog
        The inventory.
    orders
        ``orders`` and ``order_lines``, or ``order_lines`` alone with the columns of ``orders``.
    algorithm, mode, include_zero
        As for `engine.allocate`.
    locator
        Remembers addresses from one call to the next.

    Raises
    ------
    InputError
        Listing every problem of both tables.
    """
    raw, findings = as_raw(orders, ORDER_TABLES)
    valid = validate_orders(raw, catalog.tables, findings)
    raise_findings(valid.fatal)
    plan, clock = find_plan(algorithm, None), Clock()
    run = Run(catalog, plan=plan, mode=mode, include_zero=include_zero, clock=clock)
    part = run.decode(run.decide(encode_orders(valid, catalog, locator)))
    run.check_end()
    return part


def decide_requests(
    catalog: Catalog,
    requests: Sequence[InventoryRequest],
    *,
    algorithm: SourceSelectionAlgorithm,
    mode: str,
    include_zero: bool,
    locator: Locator,
) -> list[dict[str, Any]]:
    """Answer requests in their sequence, each as it would be answered alone.

    Parameters
    ----------
    requests
        Those of one SKU in a request are summed. A stock that is unknown has no sources.
    catalog, algorithm, mode, include_zero, locator
        As for `decide`.

    Returns
    -------
    (num_requests,) MSI's answers.
    """
    known = set(catalog.stock_ids.tolist())
    items = [merged(request.wanted) for request in requests]
    answers = [
        {"source_selection_items": [], "shippable": not any(wanted.values())} for wanted in items
    ]
    rows = [row for row, request in enumerate(requests) if request.stock_id in known]
    if not rows:
        return answers
    asked = [requests[row] for row in rows]
    address = [request.address or (None,) * 4 for request in asked]
    country, postcode, city, region = zip(*address, strict=True)
    orders = {
        "order_id": pa.array(rows, pa.int64()),
        "stock_id": pa.array([request.stock_id for request in asked], pa.int64()),
        **{
            name: pa.array(values, pa.string())
            for name, values in zip(
                ("country_id", "postcode", "city", "region"),
                (country, postcode, city, region),
                strict=True,
            )
        },
    }
    wanted = [items[row] for row in rows]
    units = np.fromiter((one for some in wanted for one in some.values()), np.int64)
    if units.max(initial=0) > MAX_QTY:
        raise ApiError(400, "The quantities of one SKU add up beyond 99999999.9999.")
    lines = {
        "order_id": pa.array(np.repeat(rows, [len(some) for some in wanted])),
        "sku": pa.array([sku for some in wanted for sku in some], pa.string()),
        "qty": units_to_decimal(units),
    }
    part = decide(
        catalog,
        {"orders": pa.table(orders), "order_lines": pa.table(lines)},
        algorithm=algorithm,
        mode=mode,
        include_zero=include_zero,
        locator=locator,
    )
    shippable = (part.orders[name].to_pylist() for name in ("order_id", "shippable"))
    for row, whole in zip(*shippable, strict=True):
        answers[row]["shippable"] = whole
    picks = part.allocations
    given, available = (
        [number(one) for one in column_units(picks, name).tolist()]
        for name in ("qty_to_deduct", "qty_available")
    )
    texts = (picks[name].to_pylist() for name in ("source_code", "sku"))
    columns = zip(picks["order_id"].to_pylist(), *texts, given, available, strict=True)
    for row, code, sku, deducted, had in columns:
        answers[row]["source_selection_items"].append(
            {
                "source_code": code,
                "sku": sku,
                "qty_to_deduct": deducted,
                "qty_available": had,
            }
        )
    return answers


def read_stream(body: bytes, most_rows: int) -> pa.Table:
    """Read an Arrow IPC stream.

    Raises
    ------
    ApiError
        If it is none, is compressed, or has more rows than these.
    """
    batches, rows = [], 0
    try:
        for message in pa.ipc.MessageReader.open_stream(body):
            if _is_compressed(message):  # 15 kB may be 480 MB
                raise ApiError(400, "The Arrow IPC stream is compressed. Write it uncompressed.")
        with pa.ipc.open_stream(body) as reader:
            for batch in reader:
                rows += batch.num_rows
                if rows > most_rows:
                    raise ApiError(413, "The stream has more than %1 rows.", [most_rows])
                batches.append(batch)
            table = pa.Table.from_batches(batches, reader.schema)
        table.validate(full=True)  # offsets that lead out of their buffers would be followed
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        raise ApiError(400, "Not an Arrow IPC stream: %1", [shown_text(error)]) from error
    return table


def _is_compressed(message: pa.ipc.Message) -> bool:
    """Tell whether a batch says so in its metadata, which pyarrow does not show.

    Notes
    -----
    Format: ``Message.fbs``; ``header`` is field 2 of ``Message``, ``data`` field 1 of
    ``DictionaryBatch``, ``compression`` field 3 of ``RecordBatch``.
    """
    data = message.metadata.to_pybytes()

    def field(table: int, slot: int) -> int:
        vtable = table - struct.unpack_from("<i", data, table)[0]
        size, at = struct.unpack_from("<H", data, vtable)[0], 4 + 2 * slot
        offset = struct.unpack_from("<H", data, vtable + at)[0] if at < size else 0
        return table + offset if offset else 0

    def follow(at: int) -> int:
        return at + struct.unpack_from("<I", data, at)[0]

    if message.type not in ("record batch", "dictionary"):
        return False
    batch = follow(field(follow(0), 2))
    if message.type == "dictionary":
        batch = follow(field(batch, 1))
    return field(batch, 3) > 0


def write_streams(part: Part) -> bytes:
    """Write allocations, orders and shortfalls as three Arrow IPC streams, one after the other."""
    sink = pa.BufferOutputStream()
    for table in part:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue().to_pybytes()

"""The run, in one straight line."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import pyarrow as pa

from engine.algorithms.protocol import SourceSelectionAlgorithm
from engine.catalog import Catalog
from engine.clock import Clock
from engine.orders import OrderSet, encode_orders
from engine.policies.model import Policy
from engine.selection.explain import explain_order
from engine.selection.plan import Plan, find_plan
from engine.selection.result import Result, rejected_rows
from engine.selection.run import Run
from engine.tables.findings import raise_findings
from engine.tables.raw import as_raw
from engine.tables.schema import ORDER_TABLES
from engine.tables.validate import validate_orders


def allocate(
    catalog: Catalog,
    orders: Any,
    order_lines: Any,
    *,
    algorithm: str | SourceSelectionAlgorithm | None = None,
    policy: "str | PathLike[str] | Mapping[str, Any] | Policy | None" = None,
    mode: str = "sequential",
    include_zero: bool = False,
    quarantine: bool = False,
) -> Result:
    """Decide which source ships which unit of every order.

    Parameters
    ----------
    catalog
        The inventory. It is not changed.
    orders, order_lines
        Tables as the contract has them: anything with the Arrow PyCapsule interface (pyarrow,
        pandas, polars, duckdb). ``orders`` may be None where the lines carry its columns.
    algorithm
        Code of an installed algorithm, or an object of its kind; ``priority`` unless a policy is
        given.
    policy
        Instead of an algorithm: name of a preset, path of a TOML file, the same as a mapping, or
        an `engine.Policy`.
    mode
        ``sequential``: each order's deductions are taken before the next order is looked at.
        ``independent``: every order sees the untouched catalogue.
    include_zero
        Also list candidates that give nothing, as MSI's REST answer does.
    quarantine
        Leave bad rows out and report them in ``result.rejects``, instead of stopping.

    Returns
    -------
    The result, in order sequence: priority descending, created_at, position in the input.

    Raises
    ------
    InputError
        Listing every problem of both tables.
    AlgorithmError
        If the algorithm is unknown or scores wrongly.
    PolicyError
        If the policy is unknown or wrong, or asks for what the catalogue does not have.
    UsageError
        If ``mode`` is unknown, or both algorithm and policy are given.

    Notes
    -----
    Selection is that of MSI's ``GetDefaultSortedSourcesResult``, with exact integers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from engine import Catalog, allocate
    >>> catalog = Catalog.from_tables({
    ...     "sources": pa.table({"source_code": ["lyon", "paris"]}),
    ...     "stock_source_links": pa.table({"stock_id": [1, 1], "priority": [1, 2],
    ...         "source_code": ["paris", "lyon"]}),
    ...     "source_items": pa.table({"source_code": ["paris", "lyon"], "sku": ["A", "A"],
    ...         "quantity": [3, 5]}),
    ... })
    >>> result = allocate(catalog, pa.table({"order_id": [7], "stock_id": [1]}),
    ...     pa.table({"order_id": [7], "sku": ["a"], "qty": [4]}))
    >>> for row in result.allocations.to_pylist():
    ...     print(row["source_code"], row["qty_to_deduct"])
    paris 3.0000
    lyon 1.0000
    """
    clock = Clock()
    plan = find_plan(algorithm, policy)
    with clock("validate"):
        raw, findings = as_raw({"orders": orders, "order_lines": order_lines}, ORDER_TABLES)
        valid = validate_orders(raw, catalog.tables, findings, quarantine=quarantine)
        raise_findings(valid.fatal)
    with clock("encode"):
        order_set = encode_orders(valid, catalog)
    return allocate_orders(
        catalog,
        order_set,
        plan=plan,
        mode=mode,
        include_zero=include_zero,
        quarantine=quarantine,
        clock=clock,
    )


def allocate_orders(
    catalog: Catalog,
    orders: OrderSet,
    *,
    plan: Plan,
    mode: str,
    include_zero: bool,
    quarantine: bool,
    clock: Clock,
) -> Result:
    """Run on orders that are encoded already; see `allocate`."""
    run = Run(catalog, plan=plan, mode=mode, include_zero=include_zero, clock=clock)
    part = run.decode(run.decide(orders))
    run.check_end()
    rejects = [*catalog.rejects, *orders.rejects]
    result = Result(
        *part,
        source_items=pa.concat_tables(run.source_items()).combine_chunks(),
        rejects=rejected_rows(rejects) if quarantine or catalog.rejects else None,
        kpis=run.kpis(),
        bound=run.bound,
        notes=[*catalog.notes, *orders.notes],
        replay=lambda order_id: explain_order(
            catalog,
            [orders],
            plan,
            mode=mode,
            order_id=order_id,
            allocations=part.allocations,
            shortfalls=part.shortfalls,
            clock=Clock(),
        ),
    )
    result.seconds.update(clock.seconds)
    return result

"""DuckDB SQL: cumulative sums by window, overlaps by join, quantities as DECIMAL throughout.

DECIMAL of at most 18 digits is an int64 in DuckDB; sums come as 38 digits and are cut back.
"""

from pathlib import Path

import duckdb

from benchmarks.peers.command import main, only_priority


def run(catalog: Path, orders: Path, out: Path, algorithm: str) -> None:
    """Allocate by priority from one stock."""
    only_priority(algorithm)
    out.mkdir(parents=True, exist_ok=True)
    files = {"catalog": catalog, "orders": orders, "out": out}
    with duckdb.connect() as connection:
        for statement in _STATEMENTS:
            connection.execute(statement.format(**files))


# Rows may come out in any order, which lets DuckDB read and write with all threads.
_SETTINGS = "SET preserve_insertion_order = false"

# Wanted units as intervals [start, stop) on the axis of their SKU, in line order.
_LINES = """
CREATE TABLE lines AS
SELECT *, stop - qty AS start
FROM (
    SELECT
        order_id,
        sku,
        qty,
        row_number() OVER (PARTITION BY order_id ORDER BY file_row_number) - 1 AS line,
        (sum(qty) OVER (
            PARTITION BY sku ORDER BY file_row_number ROWS UNBOUNDED PRECEDING
        ))::DECIMAL(18, 4) AS stop
    FROM read_parquet('{orders}/order_lines.parquet', file_row_number = true)
)
"""

_WANTED = "CREATE TABLE wanted AS SELECT sku, max(stop) AS qty FROM lines GROUP BY sku"

# Stocked units of the wanted SKUs as intervals, in order of priority; those that are reached.
_ITEMS = """
CREATE TABLE items AS
SELECT *, stop - quantity AS start, least(stop, wanted) - (stop - quantity) AS taken
FROM (
    SELECT
        item.file_row_number AS item,
        sku,
        source_code,
        item.quantity,
        wanted.qty AS wanted,
        (sum(item.quantity) OVER (
            PARTITION BY sku ORDER BY priority, source_code ROWS UNBOUNDED PRECEDING
        ))::DECIMAL(18, 4) AS stop
    FROM read_parquet('{catalog}/source_items.parquet', file_row_number = true) AS item
    JOIN wanted USING (sku)
    JOIN read_parquet('{catalog}/stock_source_links.parquet') USING (source_code)
    WHERE item.status = 1 AND item.quantity > 0
)
WHERE stop - quantity < wanted
"""

_PICKS = """
CREATE TABLE picks AS
SELECT
    lines.order_id,
    lines.line,
    lines.sku,
    items.source_code,
    (least(lines.stop, items.stop) - greatest(lines.start, items.start))::DECIMAL(12, 4)
        AS qty_to_deduct,
    (items.stop - greatest(lines.start, items.start))::DECIMAL(12, 4) AS qty_available
FROM lines
JOIN items
ON lines.sku = items.sku AND lines.start < items.stop AND items.start < lines.stop
"""

_ALLOCATIONS = "COPY picks TO '{out}/allocations.parquet' (COMPRESSION zstd)"

# What a line lacks is the part of its interval beyond all that is stocked.
_SHORTFALLS = """
COPY (
    SELECT order_id, line, sku, least(qty, stop - supply)::DECIMAL(12, 4) AS qty_short
    FROM (
        SELECT lines.*, coalesce(stocked.stop, 0) AS supply
        FROM lines
        LEFT JOIN (SELECT sku, max(stop) AS stop FROM items GROUP BY sku) AS stocked USING (sku)
    )
    WHERE stop > supply
) TO '{out}/shortfalls.parquet' (COMPRESSION zstd)
"""

_ORDERS = """
COPY (
    SELECT
        order_id,
        coalesce(served.qty, 0) = asked.qty AS shippable,
        asked.lines,
        coalesce(served.source_count, 0) AS source_count,
        asked.qty::DECIMAL(18, 4) AS qty,
        coalesce(served.qty, 0)::DECIMAL(18, 4) AS qty_allocated
    FROM read_parquet('{orders}/orders.parquet')
    JOIN (
        SELECT order_id, count(*) AS lines, sum(qty) AS qty FROM lines GROUP BY order_id
    ) AS asked USING (order_id)
    LEFT JOIN (
        SELECT order_id, count(DISTINCT source_code) AS source_count, sum(qty_to_deduct) AS qty
        FROM picks
        GROUP BY order_id
    ) AS served USING (order_id)
) TO '{out}/orders.parquet' (COMPRESSION zstd)
"""

_SOURCE_ITEMS = """
COPY (
    SELECT
        before.source_code,
        before.sku,
        (before.quantity - coalesce(taken, 0))::DECIMAL(12, 4) AS quantity,
        CASE WHEN before.quantity = taken THEN 0::TINYINT ELSE status END AS status
    FROM read_parquet('{catalog}/source_items.parquet', file_row_number = true) AS before
    LEFT JOIN items ON items.item = before.file_row_number
) TO '{out}/source_items.parquet' (COMPRESSION zstd)
"""

_STATEMENTS = (
    _SETTINGS,
    _LINES,
    _WANTED,
    _ITEMS,
    _PICKS,
    _ALLOCATIONS,
    _SHORTFALLS,
    _ORDERS,
    _SOURCE_ITEMS,
)

if __name__ == "__main__":
    main(run)

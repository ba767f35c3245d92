"""What a user would otherwise write: the same work, from the same files, with other tools.

Each peer is a module with ``run(catalog, orders, out, algorithm)`` and can be run as a program:
``python -m benchmarks.peers.duckdb_sql CATALOG ORDERS OUT priority``. It reads the Parquet files
of a case and writes ``allocations``, ``orders``, ``shortfalls`` and ``source_items`` with the fast
writer of its library.

The peers do less than the engine, always in their own favour:

- They trust their input. Nothing is validated, keys are taken to be distinct and SKUs to be spelt
  alike, every source is enabled, every SKU is managed and takes no backorders, nothing is reserved.
- Orders are served in input order, and the lines of an order stand together.
- No reasons of shortfalls, no key figures, no check of conservation, no hashes, no sync to the
  disk. Only plain Python knows distances, and does not write them.
- The rows of what they write may stand in any order.

pandas, Polars and SQL have no loop over orders, so they cut the wanted and the stocked units of
each SKU into intervals by cumulative sums, and join those that overlap. That is exact as long as
all lines of a SKU see its sources in one order: priority, and one stock.
"""

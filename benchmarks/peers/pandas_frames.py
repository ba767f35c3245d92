"""pandas: cumulative sums by group, overlaps by merge. Units are int64 of 0.0001.

SKUs and sources are numbered once, sources by priority: groups of integers are 20 times as fast as
groups of categories. pandas has no decimals of its own, so pyarrow makes integers of them and back.
"""

from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.peers.command import main, only_priority


class Names(NamedTuple):
    """The texts behind the numbers."""

    sku: pd.Index
    source_code: pd.Index


def run(catalog: Path, orders: Path, out: Path, algorithm: str) -> None:
    """Allocate by priority from one stock."""
    only_priority(algorithm)
    out.mkdir(parents=True, exist_ok=True)
    before = _read(catalog / "source_items.parquet", "quantity")
    lines = _read(orders / "order_lines.parquet", "qty")
    codes, skus = pd.factorize(pd.concat([before["sku"], lines["sku"]]))
    before["sku"], lines["sku"] = codes[: len(before)], codes[len(before) :]
    source, sources = pd.factorize(before["source_code"])
    before["source_code"] = source
    names = Names(skus, sources)
    _cut_lines(lines)
    items = _items(before, lines, _ranks(catalog, sources))
    picks = _picks(lines, items)
    _write_allocations(picks, names, out)
    _write_shortfalls(lines, items, names, out)
    _write_orders(orders, lines, picks, out)
    _write_source_items(before, items, names, out)


def _read(path: Path, quantity: str) -> pd.DataFrame:
    """Read a table with ``units`` in place of its quantities."""
    table = pq.read_table(path)
    units = pc.multiply(table[quantity], pa.scalar(10_000)).cast(pa.int64())
    return table.drop_columns(quantity).append_column("units", units).to_pandas()


def _ranks(catalog: Path, sources: pd.Index) -> np.ndarray:
    """(num_sources,) place of each source in the order of priority; NaN without a link."""
    links = pd.read_parquet(catalog / "stock_source_links.parquet")
    codes = links.sort_values(["priority", "source_code"])["source_code"]
    return pd.Series(range(len(codes)), codes).reindex(sources).to_numpy()


def _cut_lines(lines: pd.DataFrame) -> None:
    """Add wanted units as intervals [start, stop) on the axis of their SKU, in line order."""
    lines["line"] = lines.groupby("order_id", sort=False).cumcount()
    lines["stop"] = lines.groupby("sku", sort=False)["units"].cumsum()
    lines["start"] = lines["stop"] - lines["units"]


def _items(before: pd.DataFrame, lines: pd.DataFrame, ranks: np.ndarray) -> pd.DataFrame:
    """Return stocked units of the wanted SKUs as intervals, by priority; those reached."""
    wanted = lines.groupby("sku", sort=False)["units"].sum()
    wanted = wanted.reindex(range(before["sku"].max() + 1), fill_value=0).to_numpy()
    items = before.assign(
        wanted=wanted[before["sku"]],
        rank=ranks[before["source_code"]],
    )
    usable = (items["status"] == 1) & (items["units"] > 0) & (items["wanted"] > 0)
    items = items[usable & items["rank"].notna()].sort_values("rank", kind="stable")
    items["stop"] = items.groupby("sku", sort=False)["units"].cumsum()
    items["start"] = items["stop"] - items["units"]
    items = items[items["start"] < items["wanted"]]
    return items.assign(taken=np.minimum(items["stop"], items["wanted"]) - items["start"])


def _picks(lines: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    both = lines[["order_id", "line", "sku", "start", "stop"]].merge(
        items[["sku", "source_code", "start", "stop"]], on="sku", suffixes=("", "_item")
    )
    both = both[(both["start"] < both["stop_item"]) & (both["start_item"] < both["stop"])]
    first = np.maximum(both["start"], both["start_item"])
    return both.assign(
        taken=np.minimum(both["stop"], both["stop_item"]) - first,
        available=both["stop_item"] - first,
    )


def _write_allocations(picks: pd.DataFrame, names: Names, out: Path) -> None:
    columns = {
        "order_id": picks["order_id"],
        "line": picks["line"],
        **_named(picks, names, "sku", "source_code"),
        "qty_to_deduct": _decimal(picks["taken"]),
        "qty_available": _decimal(picks["available"]),
    }
    pq.write_table(pa.table(columns), out / "allocations.parquet")


def _write_shortfalls(lines: pd.DataFrame, items: pd.DataFrame, names: Names, out: Path) -> None:
    """Write the part of each line's interval that lies beyond all that is stocked."""
    supply = items.groupby("sku", sort=False)["stop"].max()
    supply = supply.reindex(range(len(names.sku)), fill_value=0).to_numpy()
    short = np.minimum(lines["units"], lines["stop"] - supply[lines["sku"]])
    rows = lines[short > 0]
    columns = {
        "order_id": rows["order_id"],
        "line": rows["line"],
        **_named(rows, names, "sku"),
        "qty_short": _decimal(short[short > 0]),
    }
    pq.write_table(pa.table(columns), out / "shortfalls.parquet")


def _write_orders(orders: Path, lines: pd.DataFrame, picks: pd.DataFrame, out: Path) -> None:
    ids = pd.read_parquet(orders / "orders.parquet", columns=["order_id"])["order_id"]
    asked = lines.groupby("order_id", sort=False)["units"].agg(["size", "sum"]).reindex(ids)
    served = picks.groupby("order_id", sort=False)["taken"].sum().reindex(ids, fill_value=0)
    pairs = picks[["order_id", "source_code"]].drop_duplicates()
    count = pairs.groupby("order_id", sort=False).size().reindex(ids, fill_value=0)
    columns = {
        "order_id": ids,
        "shippable": asked["sum"].to_numpy() == served.to_numpy(),
        "lines": asked["size"].to_numpy(),
        "source_count": count.to_numpy(),
        "qty": _decimal(asked["sum"], 18),
        "qty_allocated": _decimal(served, 18),
    }
    pq.write_table(pa.table(columns), out / "orders.parquet")


def _write_source_items(before: pd.DataFrame, items: pd.DataFrame, names: Names, out: Path) -> None:
    units = before["units"].to_numpy(copy=True)
    status = before["status"].to_numpy(copy=True)
    rows = items.index.to_numpy()
    units[rows] -= items["taken"].to_numpy()
    status[rows[units[rows] == 0]] = 0
    columns = {
        **_named(before, names, "source_code", "sku"),
        "quantity": _decimal(units),
        "status": status,
    }
    pq.write_table(pa.table(columns), out / "source_items.parquet")


def _named(frame: pd.DataFrame, names: Names, *columns: str) -> dict[str, pa.Array]:
    """Return columns of numbers as the texts that they stand for."""
    return {
        column: pa.array(getattr(names, column)).take(pa.array(frame[column])) for column in columns
    }


_UNIT = pa.scalar(Decimal("0.0001"), pa.decimal128(4, 4))


def _decimal(units: pd.Series | np.ndarray, digits: int = 12) -> pa.Array:
    exact = pc.multiply(pa.array(units).cast(pa.decimal128(19, 0)), _UNIT)
    return exact.cast(pa.decimal128(digits, 4))


if __name__ == "__main__":
    main(run)

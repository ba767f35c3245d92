"""Polars: cumulative sums over SKUs, overlaps by join. Units are int64 of 0.0001."""

from pathlib import Path

import polars as pl

from benchmarks.peers.command import main, only_priority


def run(catalog: Path, orders: Path, out: Path, algorithm: str) -> None:
    """Allocate by priority from one stock."""
    only_priority(algorithm)
    out.mkdir(parents=True, exist_ok=True)
    lines = _lines(orders)
    before = _source_items(catalog)
    items = _items(catalog, before, lines)
    picks = _picks(lines, items)
    _write_allocations(picks, out)
    _write_shortfalls(lines, items, out)
    _write_orders(orders, lines, picks, out)
    _write_source_items(before, items, out)


def _units(column: str) -> pl.Expr:
    """Quantities with four decimals are stored as whole numbers of 0.0001."""
    return pl.col(column).to_physical().cast(pl.Int64)


def _quantity(column: str, digits: int = 12) -> pl.Expr:
    return (pl.col(column).cast(pl.Decimal(18, 4)) / 10_000).cast(pl.Decimal(digits, 4))


def _lines(orders: Path) -> pl.DataFrame:
    """Wanted units as intervals [start, stop) on the axis of their SKU, in line order."""
    return (
        pl.scan_parquet(orders / "order_lines.parquet")
        .select("order_id", "sku", units=_units("qty"))
        .with_columns(
            line=pl.int_range(pl.len()).over("order_id"),
            stop=pl.col("units").cum_sum().over("sku"),
        )
        .with_columns(start=pl.col("stop") - pl.col("units"))
        .collect()
    )


def _source_items(catalog: Path) -> pl.DataFrame:
    return (
        pl.scan_parquet(catalog / "source_items.parquet")
        .select("source_code", "sku", "status", units=_units("quantity"))
        .with_row_index("item")
        .collect()
    )


def _items(catalog: Path, before: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Stocked units of the wanted SKUs as intervals, in order of priority; those reached."""
    links = pl.scan_parquet(catalog / "stock_source_links.parquet")
    wanted = lines.lazy().group_by("sku").agg(wanted=pl.col("units").sum())
    return (
        before.lazy()
        .filter((pl.col("status") == 1) & (pl.col("units") > 0))
        .join(wanted, on="sku")
        .join(links.select("source_code", "priority"), on="source_code")
        .sort("priority", "source_code")
        .with_columns(stop=pl.col("units").cum_sum().over("sku"))
        .with_columns(start=pl.col("stop") - pl.col("units"))
        .filter(pl.col("start") < pl.col("wanted"))
        .with_columns(taken=pl.min_horizontal("stop", "wanted") - pl.col("start"))
        .select("item", "sku", "source_code", "start", "stop", "taken")
        .collect()
    )


def _picks(lines: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    both = lines.lazy().join(items.lazy(), on="sku", suffix="_item")
    first = pl.max_horizontal("start", "start_item")
    return (
        both.filter(
            (pl.col("start") < pl.col("stop_item")) & (pl.col("start_item") < pl.col("stop"))
        )
        .select(
            "order_id",
            "line",
            "sku",
            "source_code",
            taken=pl.min_horizontal("stop", "stop_item") - first,
            available=pl.col("stop_item") - first,
        )
        .collect()
    )


def _write_allocations(picks: pl.DataFrame, out: Path) -> None:
    picks.select(
        "order_id",
        "line",
        "sku",
        "source_code",
        qty_to_deduct=_quantity("taken"),
        qty_available=_quantity("available"),
    ).write_parquet(out / "allocations.parquet")


def _write_shortfalls(lines: pl.DataFrame, items: pl.DataFrame, out: Path) -> None:
    """What a line lacks is the part of its interval beyond all that is stocked."""
    supply = items.lazy().group_by("sku").agg(supply=pl.col("stop").max())
    beyond = pl.col("stop") - pl.col("supply").fill_null(0)
    (
        lines.lazy()
        .join(supply, on="sku", how="left")
        .with_columns(short=pl.min_horizontal("units", beyond))
        .filter(pl.col("short") > 0)
        .select("order_id", "line", "sku", qty_short=_quantity("short"))
        .collect()
        .write_parquet(out / "shortfalls.parquet")
    )


def _write_orders(orders: Path, lines: pl.DataFrame, picks: pl.DataFrame, out: Path) -> None:
    asked = lines.lazy().group_by("order_id").agg(lines=pl.len(), asked=pl.col("units").sum())
    served = (
        picks.lazy()
        .group_by("order_id")
        .agg(source_count=pl.col("source_code").n_unique(), served=pl.col("taken").sum())
    )
    (
        pl.scan_parquet(orders / "orders.parquet")
        .select("order_id")
        .join(asked, on="order_id", how="left")
        .join(served, on="order_id", how="left")
        .with_columns(pl.col("source_count", "served").fill_null(0))
        .select(
            "order_id",
            "lines",
            "source_count",
            shippable=pl.col("served") == pl.col("asked"),
            qty=_quantity("asked", 18),
            qty_allocated=_quantity("served", 18),
        )
        .collect()
        .write_parquet(out / "orders.parquet")
    )


def _write_source_items(before: pl.DataFrame, items: pl.DataFrame, out: Path) -> None:
    (
        before.lazy()
        .join(items.lazy().select("item", "taken"), on="item", how="left")
        .with_columns(left=pl.col("units") - pl.col("taken").fill_null(0))
        .select(
            "source_code",
            "sku",
            quantity=_quantity("left"),
            status=pl.when(pl.col("left").eq(0) & pl.col("taken").is_not_null())
            .then(pl.lit(0, pl.Int8))
            .otherwise("status"),
        )
        .collect()
        .write_parquet(out / "source_items.parquet")
    )


if __name__ == "__main__":
    main(run)

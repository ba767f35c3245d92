"""The tables of what a batch as a whole is worth, and when."""

from typing import Any

from benchmarks.markdown import table

Row = dict[str, Any]


def whole_tables(results: dict[str, Any]) -> list[str]:
    """Return the tables and pictures of the data sets that were measured."""
    if not results.get("policies"):
        return []
    return [
        "### Cost against fill",
        fill_table(results["policies"]),
        "![Cost against fill](quality-fill.png)",
        "### Gap against time",
        time_table(results["stops"]),
        "![Gap against time](quality-time.png)",
        "### Gap against the size of a batch",
        batch_table(results["batches"]),
        "![Gap against the size of a batch](quality-batches.png)",
    ]


def fill_table(rows: list[Row]) -> str:
    """Return what each policy costs above the bound, what it serves and how long it takes."""
    names = dict.fromkeys(row["data_set"] for row in rows)
    found = {(row["policy"], row["data_set"]): row for row in rows}
    head = [cell for name in names for cell in (f"{name} %", "fill %", "s")]
    cells = [
        [title, *(cell for name in names for cell in _of_policy(found.get((title, name))))]
        for title in dict.fromkeys(row["policy"] for row in rows)
    ]
    return table(["policy", *head], cells)


def _of_policy(row: Row | None) -> list[str]:
    if row is None:
        return [""] * 3
    return [above(row), f"{fill(row):.1f}", _seconds(row)]


def time_table(rows: list[Row]) -> str:
    """Return what stands when a run is stopped, and what it took to stop."""
    head = ["data set", "stopped after s", "took s", "above bound %", "above own bound %"]
    cells = [
        [
            row["data_set"],
            "" if row["stop"] is None else f"{row['stop']:g}",
            _seconds(row),
            above(row),
            f"{100 * (row['cost'] / row['own_bound'] - 1):.3f}",
        ]
        for row in rows
    ]
    return table(head, cells)


def batch_table(rows: list[Row]) -> str:
    """Return what orders cost above the bound when so many are decided together."""
    names = dict.fromkeys(row["data_set"] for row in rows)
    found = {(row["size"], row["data_set"]): row for row in rows}
    head = [cell for name in names for cell in (f"{name} %", "s")]
    cells = [
        [f"{size:,}", *(cell for name in names for cell in _of_size(found.get((size, name))))]
        for size in sorted({row["size"] for row in rows})
    ]
    return table(["orders", *head], cells)


def _of_size(row: Row | None) -> list[str]:
    return ["", ""] if row is None else [above(row), _seconds(row)]


def above(row: Row) -> str:
    """Return how much more than the bound a row costs, in per cent, with three places.

    Examples
    --------
    >>> above({"cost": 1_002_345, "bound": 1_000_000})
    '0.234'
    """
    return f"{100 * gap(row):.3f}"


def gap(row: Row) -> float:
    """Return cost / bound - 1."""
    return row["cost"] / row["bound"] - 1


def fill(row: Row) -> float:
    """Return the units served, in per cent of those wanted."""
    return 100 * row["served"] / row["units"]


def _seconds(row: Row) -> str:
    places = 3 if row["seconds"] < 0.1 else 2 if row["seconds"] < 10 else 0
    return f"{row['seconds']:.{places}f}"

"""An order at its turn: what it asks for, what it took, what it and those before it left.

Quantities are whole numbers of 1e-4 units, costs of 1e-6, distances of millimetres. What an
order takes stands in its list of picks alone: to give back is to drop picks from the list.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tests.oracle.places import whole
from tests.oracle.reading import Row, Tables, fold, quantity, rows, settings_of
from tests.oracle.selection import read_shop

Item = tuple[str, str]  # (source_code, folded SKU)

UNIT_STEPS = 10_000


@dataclass(frozen=True)
class Line:
    """What a line asks for; the SKU is folded."""

    number: int
    sku: str
    qty: int


@dataclass(frozen=True)
class Pick:
    """What a line takes from a source, and what was available to it there before."""

    line: int
    source: str
    sku: str
    qty: int
    available: int  # the recorded quantity where stock is not managed


@dataclass
class State:
    """What is left between two orders; sources without a limit are not in its capacities."""

    quantity: dict[Item, int]
    in_stock: set[Item]
    capacity_orders: dict[str, int]
    capacity_units: dict[str, int]


@dataclass
class Order:
    """One order, with all that decides on it; the state changes only after it."""

    row: Row
    stock_id: int
    lines: list[Line]
    shop: dict[str, Any]
    policy: Row
    start: State
    state: State
    distances: dict[str, int | None]
    picks: list[Pick] = field(default_factory=list)
    # Of the pass that runs:
    constraints: list[Row] = field(default_factory=list)
    is_last: bool = True
    barred: set[str] = field(default_factory=set)
    chosen: set[str] = field(default_factory=set)
    reasons: dict[int, str] = field(default_factory=dict)
    # By line and source: what an item had at the line's turn, and its obstacle after it.
    had: dict[int, dict[str, int]] = field(default_factory=dict)
    met: dict[int, dict[str, str | None]] = field(default_factory=dict)


def units(value: Any) -> int:
    """A quantity in 1e-4 units."""
    return int(quantity(value) * UNIT_STEPS)


def millimetres(km: Any) -> int:
    """Kilometres in whole millimetres, rounded as distances are."""
    return whole(Decimal(km) * 1_000_000)


def read_policy_shop(tables: Tables) -> dict[str, Any]:
    """Everything but the orders, by its key, with the tables that only policies use."""
    links, safety = rows(tables, "stock_source_links"), rows(tables, "safety_stock")
    return read_shop(tables) | {
        "priority": {(link["stock_id"], link["source_code"]): link["priority"] for link in links},
        "safety_stock": {
            (row["source_code"], row.get("sku") and fold(row["sku"])): units(row["quantity"])
            for row in safety
        },
        **{name: rows(tables, name) for name in ("lanes", "exclusions", "rates", "zones")},
    }


def opening_state(shop: dict[str, Any]) -> State:
    """What is there before the first order."""

    def limits(column: str) -> dict[str, Any]:
        found = {code: row.get(column) for code, row in shop["sources"].items()}
        return {code: limit for code, limit in found.items() if limit is not None}

    return State(
        quantity={item: units(row["quantity"]) for item, row in shop["items"].items()},
        in_stock={item for item, row in shop["items"].items() if row["status"]},
        capacity_orders=limits("capacity_orders"),
        capacity_units={code: units(n) for code, n in limits("capacity_units").items()},
    )


def read_lines(lines: Iterable[Row]) -> list[Line]:
    """The lines of an order."""
    return [
        Line(number, fold(line["sku"]), units(line["qty"])) for number, line in enumerate(lines)
    ]


def copied(order: Order) -> Order:
    """The order for a trial: what the copy takes the order does not."""
    return replace(order, picks=list(order.picks))


def missing(order: Order, line: Line) -> int:
    """What is still wanted of a line."""
    return line.qty - sum(pick.qty for pick in order.picks if pick.line == line.number)


def still_wanted(order: Order) -> dict[str, int]:
    """What is still wanted of each SKU, in the order of the first line that wants any."""
    wanted: dict[str, int] = {}
    for line in order.lines:
        if missing(order, line):
            wanted[line.sku] = wanted.get(line.sku, 0) + missing(order, line)
    return wanted


def drawn(order: Order) -> dict[str, int]:
    """The sources on which the order draws, and the units it takes from each."""
    taken: dict[str, int] = {}
    for pick in order.picks:
        taken[pick.source] = taken.get(pick.source, 0) + pick.qty
    return taken


def managed(order: Order, sku: str) -> bool:
    """Whether the stock of a SKU is managed."""
    return bool(settings_of(sku, order.shop["settings"])["manage_stock"])


def recorded(order: Order, code: str, sku: str) -> int:
    """The recorded quantity of a source item; an unmanaged one never changes."""
    quantity = order.state.quantity[code, sku]
    if not managed(order, sku):
        return quantity
    return quantity - sum(p.qty for p in order.picks if (p.source, p.sku) == (code, sku))


def reserved(order: Order, code: str, sku: str) -> int:
    """Units of a source item that are promised already."""
    return units(order.shop["reserved"].get((code, sku), 0))


def orders_left(order: Order, code: str) -> int | None:
    """How many more orders a source may serve in this run; None without a limit."""
    limit = order.state.capacity_orders.get(code)
    return None if limit is None else limit - (code in drawn(order))


def units_left(order: Order, code: str) -> int | None:
    """How many more units a source may ship in this run; None without a limit."""
    limit = order.state.capacity_units.get(code)
    return None if limit is None else limit - drawn(order).get(code, 0)


def book(order: Order) -> None:
    """Take what the order keeps from the state; an item that it empties goes out of stock."""
    state = order.state
    for code, taken in drawn(order).items():
        if code in state.capacity_orders:
            state.capacity_orders[code] -= 1
        if code in state.capacity_units:
            state.capacity_units[code] -= taken
    for pick in order.picks:
        item = pick.source, pick.sku
        if managed(order, pick.sku):
            state.quantity[item] -= pick.qty
            settings = settings_of(pick.sku, order.shop["settings"])
            if state.quantity[item] == 0 and not settings["backorders"]:
                state.in_stock.discard(item)

"""Policies, slowly: orders one by one, sets of sources by brute force, passes and ship policies.

Written from ``docs/policies.md``. A policy is its parsed TOML: a dict whose every key is optional.
"""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from tests.oracle.policy_costs import order_cost
from tests.oracle.policy_limits import least_units
from tests.oracle.policy_order import (
    Line,
    Order,
    Pick,
    book,
    drawn,
    managed,
    missing,
    opening_state,
    read_lines,
    read_policy_shop,
    still_wanted,
)
from tests.oracle.policy_rules import RULES, ship_policy
from tests.oracle.reading import UNIT, Row, Tables, read_orders, settings_of
from tests.oracle.selection import distance_km, distances_to, order_row


def allocate(tables: Tables, policy: Row, mode: str = "sequential") -> dict[str, Any]:
    """Allocate every order by a policy; rows and their order are those a run writes."""
    shop = read_policy_shop(tables)
    start = opening_state(shop)
    state = deepcopy(start)
    result: dict[str, Any] = {"allocations": [], "orders": [], "shortfalls": []}
    result["turns"] = []
    result["cost"] = 0 if "costs" in policy else None
    for entry in read_orders(tables):
        row, stock_id, lines = entry["order"], entry["stock_id"], read_lines(entry["lines"])
        distances, located = distances_to(row, stock_id, shop)
        order = Order(row, stock_id, lines, shop, policy, start, state, distances)
        serve(order)
        picks, short = allocation_rows(order), shortfall_rows(order, entry["lines"])
        result["orders"].append(order_row(entry, picks, short, located))
        result["allocations"] += picks
        result["shortfalls"] += short
        result["turns"].append({"had": order.had, "met": order.met})
        if "costs" in policy:
            result["cost"] += order_cost(order)
        if mode == "sequential":
            book(order)
    return result | {"source_items": item_rows(shop, state)}


def serve(order: Order) -> None:
    """Serve an order under all constraints, then what it lacks without the soft ones."""
    constraints = order.policy.get("constraints", [])
    hard = [constraint for constraint in constraints if not constraint.get("soft", False)]
    has_soft = len(hard) < len(constraints)
    serve_pass(order, constraints, is_last=not has_soft)
    if has_soft and still_wanted(order):
        serve_pass(order, hard, is_last=True)
    settle(order)


def serve_pass(order: Order, constraints: list[Row], is_last: bool) -> None:
    """Serve what is wanted; anew without the worst source while sources ship too little."""
    order.constraints, order.is_last, order.barred = constraints, is_last, set()
    before = order.picks
    while True:
        # A barred source may not serve the order at all, in an earlier pass neither.
        order.picks = [pick for pick in before if pick.source not in order.barred]
        order.reasons, order.chosen = {}, set()
        RULES[order.policy.get("order_rule", "line")](order)
        code = too_small_shipment(order)
        if code is None:
            return
        order.barred.add(code)


def too_small_shipment(order: Order) -> str | None:
    """The source that ships least of those below `min_units`, of equals the last by code."""
    least = least_units(order)
    small = {code: qty for code, qty in drawn(order).items() if qty < least}
    return max(small, key=lambda code: (-small[code], code.encode()), default=None)


def settle(order: Order) -> None:
    """What the ship policy makes of an order that lacks something after the last pass."""
    short = [line for line in order.lines if missing(order, line)]
    if short and ship_policy(order) == "order":
        whole = [line for line in order.lines if line.qty and line not in short]
        order.reasons |= {line.number: "order_not_whole" for line in whole}
        order.picks = []
    if ship_policy(order) == "backorder":
        late = [line for line in short if may_come_later(order, line)]
        order.reasons |= {line.number: "backordered" for line in late}


def may_come_later(order: Order, line: Line) -> bool:
    """Whether a SKU takes backorders and an enabled source of the stock carries it."""
    carried = any(
        (code, line.sku) in order.state.quantity and code in order.shop["enabled"]
        for code in order.shop["linked"].get(order.stock_id, [])
    )
    return carried and bool(settings_of(line.sku, order.shop["settings"])["backorders"])


# ------------------------------------------------------------------ results


def decimal(qty: int) -> Decimal:
    """A quantity as a decimal with four places."""
    return qty * UNIT


def allocation_rows(order: Order) -> list[Row]:
    """One row for each line and source, lines in order, sources as they were first taken."""
    taken: dict[tuple[int, str], list[Pick]] = {}
    for pick in order.picks:
        taken.setdefault((pick.line, pick.source), []).append(pick)
    # A stable sort keeps the sources of a line in their order.
    return [allocation(order, picks) for _, picks in sorted(taken.items(), key=by_line_number)]


def by_line_number(entry: tuple[tuple[int, str], list[Pick]]) -> int:
    """Sort key of what a line takes from a source."""
    (number, _), _ = entry
    return number


def allocation(order: Order, picks: list[Pick]) -> Row:
    """What a line takes from a source, in one pass or in both."""
    first, last = picks[0], picks[-1]
    qty, available = sum(pick.qty for pick in picks), first.available
    if managed(order, first.sku) and qty > available:
        available = first.qty + last.available
    row = {
        "order_id": order.row["order_id"],
        "line": first.line,
        "sku": order.shop["items"][first.source, first.sku]["sku"],
        "source_code": first.source,
        "qty_to_deduct": decimal(qty),
        "qty_available": decimal(available),
    }
    return row | distance_km(row, order.distances)


def shortfall_rows(order: Order, rows: list[Row]) -> list[Row]:
    """What the lines of an order lack, and why."""
    return [
        {
            "order_id": order.row["order_id"],
            "line": line.number,
            "sku": order.shop["spellings"].get(line.sku, rows[line.number]["sku"]),
            "qty_short": decimal(missing(order, line)),
            "reason": order.reasons[line.number],
        }
        for line in order.lines
        if missing(order, line)
    ]


def item_rows(shop: dict[str, Any], state: Any) -> list[Row]:
    """The source items after the run."""
    return [
        row | {"quantity": decimal(state.quantity[item]), "status": int(item in state.in_stock)}
        for item, row in shop["items"].items()
    ]

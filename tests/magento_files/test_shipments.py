"""Shipments from allocations: cases by hand, and drawn ones against the slow rule."""

import json
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.errors import InputError
from engine.magento.bodies import json_lines
from engine.magento.files import ShipmentFiles
from engine.magento.order_items import REASONS
from engine.magento.shipments import shipments
from engine.tables.quantity import QTY_TYPE
from engine.tables.raw import RawTable
from engine.tables.result_schema import result_schema
from tests.cli.running import EXAMPLE

from .oracle import slow_shipments

Row = dict[str, Any]


class Decided(NamedTuple):
    """Stands for a result."""

    allocations: pa.Table
    orders: pa.Table


def decided(orders: list[Row], allocations: list[Row], id_type: pa.DataType) -> Decided:
    schemas = (result_schema(name, id_type) for name in ("allocations", "orders"))
    return Decided(
        *(
            pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema=schema)
            for rows, schema in zip((allocations, orders), schemas, strict=True)
        )
    )


def line_schema(id_type: pa.DataType) -> pa.Schema:
    columns = {"order_id": id_type, "sku": pa.string(), "order_item_id": pa.int64()}
    return pa.schema({**columns, "qty_per_item": QTY_TYPE})


def ship(lines: list[tuple], allocations: list[tuple], **ids: Any) -> tuple[list, list]:
    """Return the shipments of order 17 as (source, items), and what is left as (item, reason).

    Lines are (sku, item, quantity per item), allocations (line, source, quantity).
    """
    order_id = ids.get("order_id", 17)
    id_type = pa.int64() if isinstance(order_id, int) else pa.string()
    done = decided(
        [{"order_id": order_id, "lines": len(lines)}],
        [
            {"order_id": order_id, "line": line, "source_code": source}
            | {"qty_to_deduct": Decimal(str(qty))}
            for line, source, qty in allocations
        ],
        id_type,
    )
    schema = line_schema(id_type)
    rows = [
        dict(zip(schema.names, (order_id, sku, item, per), strict=True)) for sku, item, per in lines
    ]
    found = shipments(done, pa.Table.from_pylist(rows, schema=schema))
    told = [json.loads(line) for line in b"".join(json_lines(found.table)).splitlines()]
    return (
        [
            (
                one["body"]["arguments"]["extension_attributes"]["source_code"],
                {item["order_item_id"]: item["qty"] for item in one["body"]["items"]},
            )
            for one in told
        ],
        [(row["order_item_id"], row["reason"]) for row in found.left.to_pylist()],
    )


def test_the_documents_order():
    catalog = engine.read_catalog(EXAMPLE[0])
    orders, lines = engine.read_orders(EXAMPLE[1])
    table = lines.table.append_column("order_item_id", pa.array(["3", "4"]))
    lines = lines._replace(table=table)
    found = shipments(engine.allocate(catalog, orders, lines), lines)
    assert b"".join(json_lines(found.table)).decode() == (
        '{"order_id":1,"path":"/V1/order/1/ship","body":{"items":[{"order_item_id":3,"qty":20},'
        '{"order_item_id":4,"qty":19}],"notify":false,"arguments":{"extension_attributes":'
        '{"source_code":"baltimore_wh"}}}}\n'
        '{"order_id":1,"path":"/V1/order/1/ship","body":{"items":[{"order_item_id":4,"qty":31}],'
        '"notify":false,"arguments":{"extension_attributes":{"source_code":"reno_wh"}}}}\n'
    )
    assert found.left.num_rows == 0


ONE = Decimal(1)
TWO = Decimal(2)
BUNDLE = [("24-WB01", 7, TWO), ("24-WB03", 7, ONE)]


@pytest.mark.parametrize(
    ("lines", "allocations", "shipped", "left"),
    [
        # Sources in the sequence of their first use, items in that of the lines.
        (
            [("A", 4, None), ("B", 3, None)],
            [(0, "y", 1), (0, "x", 2), (1, "x", 5), (1, "z", "0.5")],
            [("y", {4: 1}), ("x", {4: 2, 3: 5}), ("z", {3: 0.5})],
            [],
        ),
        # A configurable: the child's line names its parent.
        ([("A", 4, ONE)], [(0, "x", "19.5")], [("x", {4: 19.5})], []),
        # A bundle that ships together: three of it, two from x.
        (
            BUNDLE,
            [(0, "x", 4), (0, "y", 2), (1, "x", 2), (1, "y", 1)],
            [("x", {7: 2}), ("y", {7: 1})],
            [],
        ),
        # One of its parts comes from elsewhere.
        (BUNDLE, [(0, "x", 4), (1, "y", 2)], [], [(7, "parts_differ")]),
        (BUNDLE, [(0, "x", 4)], [], [(7, "parts_differ")]),
        (BUNDLE, [(0, "x", 4), (1, "x", 1)], [], [(7, "parts_differ")]),
        # What cannot be told takes nothing else with it.
        (
            [*BUNDLE, ("A", 8, None)],
            [(0, "x", 4), (1, "y", 2), (2, "y", 3)],
            [("y", {8: 3})],
            [(7, "parts_differ")],
        ),
        # A third of a bundle, and a half of one: Magento would cut both off.
        ([("A", 7, Decimal(3))], [(0, "x", 4)], [], [(7, "not_whole")]),
        ([("A", 7, TWO)], [(0, "x", 3), (0, "y", 1)], [], [(7, "not_whole")]),
        ([("A", 7, TWO)], [(0, "x", 4), (0, "y", 2)], [("x", {7: 2}), ("y", {7: 1})], []),
        ([("A", 7, Decimal("0.5"))], [(0, "x", "1.5")], [("x", {7: 3})], []),
        (
            [("A", 7, Decimal("0.5")), ("B", 7, ONE)],
            [(0, "x", "0.25"), (1, "x", "0.5")],
            [],
            [(7, "not_whole")],
        ),
        # One SKU in both options of a bundle, and one line that was cut in two.
        ([("A", 7, ONE), ("a", 7, ONE)], [(0, "x", 3), (1, "x", 3)], [("x", {7: 3})], []),
        ([("A", 7, None), ("a", 7, None)], [(0, "x", 3), (1, "x", 3)], [("x", {7: 6})], []),
        (
            [("A", 7, None), ("A", 7, None)],
            [(0, "x", "1.5"), (1, "y", 2), (1, "x", 1)],
            [("x", {7: 2.5}), ("y", {7: 2})],
            [],
        ),
        # Different products are parts even where nobody says so.
        ([("A", 7, None), ("B", 7, None)], [(0, "x", 3), (1, "x", 3)], [("x", {7: 3})], []),
        ([("A", 7, Decimal(0))], [(0, "x", 3)], [], [(7, "zero_qty_per_item")]),
        ([("A", 7, ONE), ("B", 7, Decimal(0))], [(0, "x", 3)], [], [(7, "zero_qty_per_item")]),
        ([("A", 0, None)], [(0, "x", 3)], [], [(0, "no_entity_id")]),
        # A source that gives to a line twice: a policy may let it.
        ([("A", 7, TWO)], [(0, "x", 1), (0, "x", 3)], [("x", {7: 2})], []),
        # Sources that were listed and gave nothing, and lines that got nothing.
        ([("A", 7, None), ("B", 8, None)], [(0, "x", 0), (0, "y", 1)], [("y", {7: 1})], []),
        ([("A", 7, Decimal(0))], [(0, "x", 0)], [], []),
        ([], [], [], []),
    ],
)
def test_by_hand(lines: list, allocations: list, shipped: list, left: list):
    assert ship(lines, allocations) == (shipped, left)


@pytest.mark.parametrize("order_id", [0, -1, "000000017", "A17", "1" * 19, "17 ", "1\n"])
def test_what_is_no_entity_id_is_left(order_id: Any):
    lines, given = [("A", 7, Decimal(0)), ("B", 8, None)], [(0, "x", 1), (1, "x", 1)]
    left = [(7, "no_entity_id"), (8, "no_entity_id")]
    assert ship(lines, given, order_id=order_id) == ([], left)


@pytest.mark.parametrize("order_id", ["17", 1, 2**59])
def test_what_is_one_is_told(order_id: Any):
    assert ship([("A", 7, None)], [(0, "x", 1)], order_id=order_id) == ([("x", {7: 1})], [])


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        *(("20", "20"), ("19.5", "19.5"), ("0.0001", "0.0001"), ("0.05", "0.05")),
        *(("1.0100", "1.01"), ("99999999.9999", "99999999.9999"), ("100000", "100000")),
    ],
)
def test_quantities_are_exact(quantity: str, text: str):
    lines, order = pa.table({"order_id": [1], "sku": ["A"], "order_item_id": [2]}), {"order_id": 1}
    given = order | {"line": 0, "source_code": "x", "qty_to_deduct": Decimal(quantity)}
    done = decided([order | {"lines": 1}], [given], pa.int64())
    assert f'"qty":{text}}}' in b"".join(json_lines(shipments(done, lines).table)).decode()


def test_any_source_code_is_valid_json():
    codes = ['a"b', "a\\b", "a\nb", "é😀", "\x01"]
    found, _ = ship([("A", 7, None)], [(0, code, 1) for code in codes])
    assert [code for code, _ in found] == codes


LINES = {"order_id": [1, 2, 1], "sku": ["A", "B", "C"], "order_item_id": [5, 6, 7]}


def result_of(counts: dict[int, int]) -> Decided:
    orders = [{"order_id": order, "lines": count} for order, count in counts.items()]
    return decided(orders, [], pa.int64())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"order_item_id": [5, 6, None]}, "order_lines.order_item_id: null in 1 row (row 2: null)"),
        ({"order_item_id": ["5", "6", "x"]}, "order_lines.order_item_id: wrong type: string"),
        ({"qty_per_item": ["1", "1", "x"]}, "order_lines.qty_per_item: "),
        ({"order_item_id": None}, "order_lines.order_item_id: missing column"),
        ({"order_id": [1, 2, 2]}, "order_lines: order '1' has 1 lines where"),
        ({"order_id": [1, 2, 3]}, "order_lines: order '1' has 1 lines where"),
    ],
)
def test_other_lines_are_refused(change: dict, message: str):
    columns = {name: values for name, values in (LINES | change).items() if values}
    with pytest.raises(InputError) as error:
        shipments(result_of({1: 2, 2: 1}), pa.table(columns))
    assert str(error.value).startswith(message)


def test_lines_that_quarantine_set_aside_do_not_count():
    lines = pa.table(LINES | {"order_item_id": [5, None, 7]})
    assert shipments(result_of({1: 2}), lines).table.num_rows == 0


def test_none_is_no_table():
    with pytest.raises(InputError, match="order_lines: None; give the lines"):
        shipments(result_of({}), None)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Row], list[Row], list[Row]]:
    """Return orders, allocations and lines, those of an order together."""
    orders, allocations, lines = [], [], []
    as_text = draw(st.booleans())
    for number in range(draw(st.integers(0, 4))):
        order_id: Any = number + 1
        if as_text:
            order_id = draw(st.sampled_from(["", "0", "x"])) + str(order_id)
        count = draw(st.integers(0, 5))
        orders.append({"order_id": order_id, "lines": count})
        for line in range(count):
            per = draw(st.sampled_from([None, None, "0", "0.5", "1", "1", "2", "3"]))
            lines.append(
                {
                    "order_id": order_id,
                    "sku": draw(st.sampled_from(["A", "a", "B"])),
                    "order_item_id": draw(st.sampled_from([1, 1, 2, 3, 0])),
                    "qty_per_item": None if per is None else Decimal(per),
                }
            )
            sources = draw(st.lists(st.sampled_from("xyz"), max_size=3))
            for source in sources:
                qty = draw(st.sampled_from(["0", "0.5", "1", "2", "2", "3", "4", "6"]))
                allocations.append(
                    {"order_id": order_id, "line": line, "source_code": source}
                    | {"qty_to_deduct": Decimal(qty)}
                )
    return orders, allocations, lines


def as_tables(case: tuple[list[Row], list[Row], list[Row]]) -> tuple[Decided, pa.Table]:
    orders, allocations, lines = case
    is_text = any(isinstance(order["order_id"], str) for order in orders)
    id_type = pa.string() if is_text else pa.int64()
    schema = line_schema(id_type)
    return decided(orders, allocations, id_type), pa.Table.from_pylist(lines, schema=schema)


@given(cases())
def test_drawn_ones_are_what_the_rule_says(case: tuple[list[Row], list[Row], list[Row]]):
    done, lines = as_tables(case)
    found = shipments(done, lines)
    told, left = slow_shipments(*case)
    texts = b"".join(json_lines(found.table)).splitlines()
    assert [json.loads(text, parse_float=Decimal, parse_int=Decimal) for text in texts] == told
    assert found.left.to_pylist() == left
    assert {row["reason"] for row in left} <= set(REASONS)
    # A body without items would have Magento ship all that is open.
    assert all(one["body"]["items"] for one in told)


@given(cases())
def test_all_that_was_allocated_is_told_or_left(case: tuple[list[Row], list[Row], list[Row]]):
    _, allocations, lines = case
    done, table = as_tables(case)
    found = shipments(done, table)
    left = {(row["order_id"], row["order_item_id"]) for row in found.left.to_pylist()}
    told = {
        (str(row["order_id"]), item["order_item_id"], row["source_code"]): item["qty"]
        for row in found.table.to_pylist()
        for item in row["items"]
    }
    wanted = set()
    for row in allocations:
        order_id = row["order_id"]
        own = [line for line in lines if line["order_id"] == order_id]
        item = own[row["line"]]["order_item_id"]
        if row["qty_to_deduct"] and (order_id, item) not in left:
            wanted.add((str(order_id), item, row["source_code"]))
            per = own[row["line"]]["qty_per_item"]
            of_item = [line for line in own if line["order_item_id"] == item]
            if len(of_item) == 1:
                units = sum(
                    (
                        other["qty_to_deduct"]
                        for other in allocations
                        if (other["order_id"], other["line"]) == (order_id, row["line"])
                        and other["source_code"] == row["source_code"]
                    ),
                    Decimal(0),
                )
                qty = told[str(order_id), item, row["source_code"]]
                assert qty * (1 if per is None else per) == units
    assert set(told) == wanted


@settings(max_examples=50)
@given(cases(), st.data())
def test_parts_and_batches_do_not_show(tmp_path_factory, case, data: st.DataObject):
    """Orders come in parts and lines in batches, with those of lost orders among them."""
    done, lines = as_tables(case)
    whole = shipments(done, lines)
    ghosts = pa.table({"order_id": ["ghost"], "sku": ["G"]}).append_column(
        "order_item_id", pa.array([None], pa.int64())
    )
    lines = lines.set_column(0, "order_id", lines["order_id"].cast(pa.string()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=4)))
    batches = [
        lines.slice(start, stop - start)
        for start, stop in zip([0, *cuts], [*cuts, len(lines)], strict=True)
    ]
    if data.draw(st.booleans()):
        batches = [part for batch in batches for part in (ghosts, batch)]
    folder = tmp_path_factory.mktemp("parts")
    id_type = done.orders.schema.field("order_id").type
    at = 0
    with ShipmentFiles(folder, id_type) as files:
        for batch in batches:
            files.add_lines(RawTable(batch))
        while at < len(done.orders):
            count = data.draw(st.integers(1, len(done.orders) - at))
            orders = done.orders.slice(at, count)
            ids = orders["order_id"].to_pylist()
            rows = [row["order_id"] in ids for row in done.allocations.to_pylist()]
            files.write(Decided(done.allocations.filter(pa.array(rows, pa.bool_())), orders))
            at += count
    assert (folder / "shipments.jsonl").read_bytes() == b"".join(json_lines(whole.table))
    assert files.rows == {
        "shipments": whole.table.num_rows,
        "shipments_left": whole.left.num_rows,
    }
    assert sum(files.reasons.values()) == whole.left.num_rows
    assert bool(files.notes) == bool(whole.left.num_rows)

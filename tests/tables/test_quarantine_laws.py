"""Laws of quarantine, on valid cases with cells overwritten at random."""

from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engine.tables.findings import rejects_table
from engine.tables.raw import RawTable
from engine.tables.schema import CATALOG_TABLES, ORDER_TABLES, SCHEMAS
from engine.tables.validate import validate_catalog, validate_orders
from tests.strategies import cases, to_arrow

from .small import fewer

JUNK = [
    None,
    "x",
    "",
    "-1",
    "0.00001",
    "1e999999999",
    "nan",
    "70000",
    "95",
    "ghost",
    "2024-02-30",
    "\0",
]
RESTRICTS = [name for name, schema in SCHEMAS.items() if schema.restricts]


def quarantined(raw):
    """What quarantine leaves and sets aside of a catalogue and its orders; None if it stops."""
    stock = {name: raw[name] for name in CATALOG_TABLES if name in raw}
    wanted = {name: raw[name] for name in ORDER_TABLES if name in raw}
    valid = validate_catalog(stock, quarantine=True)
    ordered = validate_orders(wanted, valid.tables, quarantine=True)
    if valid.fatal or ordered.fatal:
        return None
    return valid.tables | ordered.tables, valid.rejects + ordered.rejects


def stops(raw):
    """Whether a run without quarantine stops."""
    valid = validate_catalog({name: raw[name] for name in CATALOG_TABLES if name in raw})
    ordered = validate_orders(
        {name: raw[name] for name in ORDER_TABLES if name in raw}, valid.tables
    )
    return bool(valid.fatal or ordered.fatal)


def rejected_rows(rejects):
    """(table, row) of everything set aside."""
    return {(it.table, row) for it in rejects for row in it.rows.tolist()}


@st.composite
def damaged_cases(draw, tables=tuple(SCHEMAS)):
    """Valid cases as text, with some cells of some tables overwritten."""
    case = to_arrow(draw(cases()))
    texts = {
        name: {column: table[column].cast(pa.string()).to_pylist() for column in table.column_names}
        for name, table in case.items()
    }
    damaged = [name for name, table in case.items() if table.num_rows and name in tables]
    for _ in range(draw(st.integers(0, 4)) if damaged else 0):
        name = draw(st.sampled_from(damaged))
        column = draw(st.sampled_from(list(texts[name])))
        cells = texts[name][column]
        cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from([*JUNK, *cells]))
    return {
        name: RawTable(
            pa.table({it: pa.array(cells, pa.string()) for it, cells in columns.items()}), True
        )
        for name, columns in texts.items()
    }


@fewer
@given(damaged_cases())
def test_quarantine_keeps_its_laws(raw):
    done = quarantined(raw)
    if done is None:
        assert stops(raw)
        return
    tables, rejects = done
    assert stops(raw) == bool(rejects)
    gone = rejected_rows(rejects)
    check_each_row_is_left_or_rejected(raw, tables, gone)
    check_nothing_is_listed_twice(rejects)
    check_what_is_left_is_valid_by_itself(raw, tables, gone)
    check_orders_go_as_a_whole(raw, tables, gone)
    check_restrictions_go_only_with_what_they_restrict(raw, gone)


def check_each_row_is_left_or_rejected(raw, tables, gone):
    for name, table in raw.items():
        lost = sum(1 for at, _ in gone if at == name)
        assert tables[name].num_rows + lost == table.table.num_rows, name


def check_nothing_is_listed_twice(rejects):
    listed = rejects_table(rejects, tuple(SCHEMAS)).drop_columns("value").to_pylist()
    counts = Counter(tuple(row.values()) for row in listed)
    assert set(counts.values()) <= {1}
    assert len(listed) == sum(len(it.rows) for it in rejects)


def check_what_is_left_is_valid_by_itself(raw, tables, gone):
    """The rows left, read again without quarantine, are the same tables and nothing is wrong."""
    left = {}
    for name, table in raw.items():
        keep = [(name, row) not in gone for row in range(table.table.num_rows)]
        left[name] = RawTable(table.table.filter(pa.array(keep, pa.bool_())), True)
    assert not stops(left)
    again, nothing = quarantined(left)
    assert nothing == []
    for name, table in tables.items():
        assert again[name].to_pylist() == table.to_pylist(), name


def check_orders_go_as_a_whole(raw, tables, gone):
    lines = raw["order_lines"].table["order_id"].to_pylist()
    broken = {order for row, order in enumerate(lines) if ("order_lines", row) in gone}
    for name in ("orders", "order_lines"):
        assert not broken & set(tables[name]["order_id"].to_pylist())


def check_restrictions_go_only_with_what_they_restrict(raw, gone):
    sources = raw["sources"].table["source_code"].to_pylist()
    left = {code for row, code in enumerate(sources) if ("sources", row) not in gone}
    for name in {"source_reservations", "distances"} & set(raw):
        for row, code in enumerate(raw[name].table["source_code"].to_pylist()):
            assert ((name, row) in gone) == (code not in left)
    assert not any(name == "stock_items" for name, _ in gone)


@fewer
@given(damaged_cases(tables=RESTRICTS))
def test_quarantine_drops_no_restriction(raw):
    """A bad row in a table that restricts stops the run: with quarantine as without."""
    assert (quarantined(raw) is None) == stops(raw)

"""What comes out of a database is what stands in it, to the last digit, and of one moment."""

import random
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.batch import allocate_folders
from engine.errors import InputError
from engine.folders import read_catalog, read_result
from engine.magento.export import export_store
from engine.magento.location import find_store
from engine.magento.read import _batches, read_store
from engine.magento.sql import SESSION
from engine.magento.tables import store_tables
from tests.magento.filling import fill, setting
from tests.magento.server import READER, Database, Server
from tests.magento.test_lines import basis, item, order, read

ODD_SKUS = (
    *(
        "24-WB01",
        "ключ-😀",
        "日本語",
        "e\u0301 / é",
        "it's",
        'a "quoted" one',
        "back\\slash",
        "\\'\\",
    ),
    *(
        "comma, semi; tab\t",
        "line\nbreak",
        "\r\ncarriage\r",
        " lead",
        "%s %(x)s",
        "NULL",
        "NA",
        "\\N",
    ),
    *("0012", "1e3", "=1+1", "<b>&amp;", "x" * 64, "😀" * 64, "--", "/* */", "{sku}", "zero\0byte"),
)
MOST = Decimal("99999999.9999")


def source(code: str) -> dict[str, Any]:
    return {"source_code": code, "name": code, "country_id": "DE", "postcode": "1"}


def sell(database: Database, **quantities: object) -> None:
    """Have stock 1 sell what sources hold of A, by website base."""
    basis(database)
    database.insert("inventory_stock", {"stock_id": 1, "name": "all"})
    channel = {"type": "website", "code": "base", "stock_id": 1}
    database.insert("inventory_stock_sales_channel", channel)
    for priority, (code, quantity) in enumerate(quantities.items()):
        link = {"stock_id": 1, "source_code": code, "priority": priority}
        database.insert("inventory_source_stock_link", link)
        held = {"source_code": code, "sku": "A", "quantity": quantity, "status": 1}
        database.insert("inventory_source_item", held)


def test_odd_skus_and_codes_come_as_they_are(database: Database):
    basis(database)
    codes = ["hub", "straße 1", "o'hare", "😀", 'q"\\']
    database.insert("inventory_source", *map(source, codes[1:]))
    rows = [
        {"source_code": code, "sku": sku, "quantity": Decimal(at), "status": 1}
        for at, (code, sku) in enumerate((code, sku) for code in codes for sku in ODD_SKUS)
    ]
    database.insert("inventory_source_item", *rows)
    got = read(database)["source_items"]
    assert [(it["source_code"], it["sku"], Decimal(it["quantity"])) for it in got] == [
        (it["source_code"], it["sku"], it["quantity"]) for it in rows
    ]


def test_odd_skus_are_read_as_they_are_by_the_engine(database: Database, tmp_path: Path):
    basis(database)
    skus = [sku for sku in ODD_SKUS if sku.strip() == sku]
    rows = [{"source_code": "hub", "sku": sku, "quantity": 5, "status": 1} for sku in skus]
    database.insert("inventory_source_item", *rows)
    for form in ("parquet", "arrow", "csv"):
        export_store(database.url, tmp_path / form, format=form)
        for catalog in (read_catalog(tmp_path / form), read_catalog(database.url)):
            assert catalog.tables["source_items"]["sku"].to_pylist() == skus


def test_numbers_keep_their_size_and_their_digits(database: Database):
    basis(database)
    database.insert("inventory_stock", {"stock_id": 2**32 - 1, "name": ""})
    link = {"link_id": 2**32 - 1, "stock_id": 2**32 - 1, "source_code": "hub", "priority": 65535}
    database.insert("inventory_source_stock_link", link)
    quantities = [MOST, -MOST, Decimal("0.0001"), Decimal("-0.0001"), Decimal(0), Decimal("0.3000")]
    database.insert(
        "inventory_source_item",
        *(
            {"source_code": "hub", "sku": f"S{at}", "quantity": qty, "status": at % 2}
            for at, qty in enumerate(quantities)
        ),
    )
    place = {"latitude": Decimal("-89.999999"), "longitude": Decimal("-179.999999")}
    far = {"source_code": "far", "name": "", "country_id": "", "postcode": "", "enabled": 0}
    database.insert("inventory_source", far | place | {"region_id": 2**32 - 1, "city": "\\N"})
    catalog = read_catalog(database.url)
    assert catalog.stock_ids.tolist() == [2**32 - 1]
    assert catalog.links.priority.tolist() == [65535]
    assert catalog.tables["source_items"]["quantity"].to_pylist() == quantities
    assert catalog.tables["source_items"]["status"].to_pylist() == [False, True] * 3
    found = {row["source_code"]: row for row in catalog.tables["sources"].to_pylist()}
    assert (found["far"]["latitude"], found["far"]["longitude"]) == (-89.999999, -179.999999)
    assert found["far"]["region_id"] == str(2**32 - 1)
    assert found["far"]["city"] == "\\N"
    assert not found["far"]["enabled"]
    # An empty text is none, as in CSV.
    assert found["far"]["name"] is found["far"]["postcode"] is found["hub"]["latitude"] is None


def test_sixty_thousand_priorities(database: Database, tmp_path: Path):
    codes = [f"s{at:05}" for at in range(60_000)]
    priorities = random.Random(1).sample(range(65_536), len(codes))
    database.insert("inventory_source", *map(source, codes))
    database.insert("inventory_stock", {"stock_id": 1, "name": "all"})
    links = [
        {"stock_id": 1, "source_code": code, "priority": priority}
        for code, priority in zip(codes, priorities, strict=True)
    ]
    database.insert("inventory_source_stock_link", *links)
    catalog = read_catalog(database.url)
    ranked = catalog.sources["source_code"].take(pa.array(catalog.links.sources)).to_pylist()
    assert ranked == [code for _, code in sorted(zip(priorities, codes, strict=True))]


def test_reservations_are_summed_by_the_very_sku(database: Database):
    """To the database a and A and á are one SKU, to the engine two."""
    basis(database)
    entries = [("a", 5), ("A", Decimal("0.0001")), ("á", 7), ("a", -2), ("gone", 3), ("gone", -3)]
    rows = [{"stock_id": 1, "sku": sku, "quantity": qty} for sku, qty in [*entries, ("trail ", 1)]]
    database.insert("inventory_reservation", *rows, {"stock_id": 2, "sku": "a", "quantity": 1})
    found = read(database)["reservations"]
    sums: dict[tuple[str, str], Decimal] = {}
    for row in found:
        key = (row["stock_id"], row["sku"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row["quantity"])
    one = {"A": Decimal("0.0001"), "a": 3, "trail ": 1, "á": 7}
    assert sums == {**{("1", sku): qty for sku, qty in one.items()}, ("2", "a"): 1}
    assert read(database)["reservations"] == found


def test_settings_of_stock_items(database: Database):
    basis(database)
    for number in range(1, 8):
        database.insert("catalog_product_entity", {"entity_id": number, "sku": f"P{number}"})
    values = {
        **{"manage_stock": 1, "backorders": 2, "min_qty": "", "max_sale_qty": None},
        **{"min_sale_qty": '{"0":"5","32000":"2"}', "qty_increments": "6"},
    }
    database.insert("core_config_data", *(setting(name, it) for name, it in values.items()))
    other = setting("manage_stock", 0)
    database.insert("core_config_data", {**other, "scope": "websites", "scope_id": 1})
    fours = {"qty_increments": 4, "use_config_qty_increments": 0}
    own = [
        {},
        {"manage_stock": 0, "use_config_manage_stock": 0},
        {"min_qty": Decimal("-3.5"), "use_config_min_qty": 0, "backorders": 1},
        {"is_qty_decimal": 1},
        {"enable_qty_increments": 1, "use_config_enable_qty_inc": 0},
        fours,
        fours | {"enable_qty_increments": 1, "use_config_enable_qty_inc": 0},
    ]
    for number, row in enumerate(own, 1):
        database.insert("cataloginventory_stock_item", {"product_id": number, "stock_id": 1, **row})
    not_ours = {"product_id": 1, "stock_id": 2, "manage_stock": 0, "use_config_manage_stock": 0}
    database.insert("cataloginventory_stock_item", not_ours)
    default, *rows = read(database)["stock_items"]
    given = {name: value for name, value in default.items() if value is not None}
    assert given == {"manage_stock": "1", "backorders": "2", "min_sale_qty": "2"}
    said = [{name: it for name, it in row.items() if it is not None} for row in rows]
    whole = {"is_qty_decimal": "0"}
    assert said == [
        {"sku": "P2", "manage_stock": "0", **whole},
        {"sku": "P3", "min_qty": "-3.5000", **whole},
        {"sku": "P4", "is_qty_decimal": "1"},
        {"sku": "P5", "qty_increments": "6", **whole},
        {"sku": "P6", "qty_increments": "0", **whole},
        {"sku": "P7", "qty_increments": "4.0000", **whole},
    ]
    database.insert("core_config_data", setting("enable_qty_increments", 1))
    default, *rows = read(database)["stock_items"]
    assert default["qty_increments"] == "6"
    assert [row["qty_increments"] for row in rows] == [None, None, None, "6", "4.0000", "4.0000"]


def test_geonames_are_those_of_the_store_if_there_are_any(database: Database):
    basis(database)
    assert "geonames" not in read(database)
    row = {"country_code": "DE", "postcode": "01067", "city": "Dresden", "region": "Sachsen"}
    rest = {"province": "SN", "latitude": 51.0575, "longitude": 13.7165}
    database.insert("inventory_geoname", row | rest)
    shown = {"region_code": "SN", "latitude": "51.0575", "longitude": "13.7165"}
    assert read(database)["geonames"] == [row | shown]


def test_bad_rows_go_the_normal_way(database: Database, tmp_path: Path):
    sell(database, hub=9)
    orders = [order(1), order(2, store_id=99), order(3)]
    database.insert("sales_order", *orders)
    kit = item(30, "kit", 3, order_id=3)
    nut = item(31, "A", 1, order_id=3, parent_item_id=30)
    lines = [item(10, "A", 1), item(20, "A", 2, order_id=2), kit, nut]
    kit["qty_shipped"] = 1
    database.insert("sales_order_item", *lines)
    with pytest.raises(InputError) as caught:
        allocate_folders(database.url, None, tmp_path / "out")
    text = str(caught.value)
    assert "order_lines.qty" in text
    assert "0.6666666" in text
    assert "orders.stock_id" in text
    allocate_folders(database.url, None, tmp_path / "out", quarantine=True)
    result = read_result(tmp_path / "out")
    assert result.orders["order_id"].to_pylist() == ["1"]
    assert result.rejects is not None
    rejected = {(it["table"], it["row"]) for it in result.rejects.to_pylist()}
    assert rejected == {("orders", 1), ("orders", 2), ("order_lines", 1), ("order_lines", 2)}
    with pytest.raises(InputError, match=r"order_lines\.qty"):
        export_store(database.url, tmp_path / "catalog")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_gives_the_result_of_its_database(database: Database, tmp_path: Path):
    sell(database, hub=Decimal("2.5"), shop=Decimal("2.5"))
    database.insert("sales_order", order(1), order(2))
    database.insert("sales_order_item", item(10, "A", 3), item(20, "A", 3, order_id=2))
    allocate_folders(database.url, None, tmp_path / "direct")
    direct = read_result(tmp_path / "direct")
    names = ["order_id", "source_code", "qty_to_deduct"]
    assert [tuple(it.values()) for it in direct.allocations.select(names).to_pylist()] == [
        ("1", "hub", Decimal("2.5")),
        ("1", "shop", Decimal("0.5")),
        ("2", "shop", 2),
    ]
    for form in ("parquet", "arrow", "csv"):
        place = tmp_path / form
        rows = export_store(database.url, place, format=form)
        assert rows["orders"] == 2
        allocate_folders(place, place, tmp_path / f"from-{form}")
        again = read_result(tmp_path / f"from-{form}")
        assert again.allocations == direct.allocations
        assert again.orders == direct.orders
        assert again.source_items == direct.source_items


def test_a_reader_sees_one_moment_while_a_writer_commits(database: Database):
    """Each commit takes a unit off the items and adds it to the reservations and an order."""
    basis(database)
    database.run(
        "INSERT INTO inventory_source_item (source_code, sku, quantity, status) "
        "SELECT 'hub', CONCAT('S', seq), 1000, 1 FROM seq_1_to_60000"
    )
    database.insert("inventory_reservation", {"stock_id": 1, "sku": "S60000", "quantity": 0})
    database.insert("sales_order", order(1))
    database.insert("sales_order_item", item(1, "S1", 1))
    writer = database.server.admin(database=database.name, autocommit=False)
    commits, over = 0, threading.Event()

    take = "UPDATE inventory_source_item SET quantity = quantity - 1 WHERE source_code = 'hub'"

    def write() -> None:
        nonlocal commits
        with writer.cursor() as cursor:
            while not over.is_set():
                for sku in ("S1", "S60000"):
                    cursor.execute(f"{take} AND sku = %s", (sku,))
                cursor.execute("UPDATE inventory_reservation SET quantity = quantity + 1")
                cursor.execute("UPDATE sales_order_item SET qty_ordered = qty_ordered + 1")
                writer.commit()
                commits += 1

    thread = threading.Thread(target=write)
    thread.start()
    seen, during = [], 0
    try:
        for _ in range(8):
            before = commits
            tables = store_tables(read_store(find_store(database.url)))
            during += commits - before
            items = tables["source_items"]["quantity"]
            (reserved,) = tables["reservations"]["quantity"].to_pylist() or ["0"]
            (ordered,) = tables["order_lines"]["qty"].to_pylist()
            taken = [1000 - Decimal(items[at].as_py()) for at in (0, -1)]
            seen.append([*taken, Decimal(reserved), Decimal(ordered) - 1])
    finally:
        over.set()
        thread.join()
        writer.close()
    assert during > 50
    assert all(len(set(moment)) == 1 for moment in seen), seen
    assert len({moment[0] for moment in seen}) > 1


def test_the_statement_runs_once_on_one_connection_that_may_only_read(database: Database):
    database.run("SET GLOBAL log_output = 'TABLE', general_log = ON")
    try:
        read_store(find_store(database.url))
    finally:
        database.run("SET GLOBAL general_log = OFF")
    log = database.run(
        "SELECT thread_id, command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log "
        "WHERE user_host LIKE %s",
        f"{READER}%",
    )
    said = [text for _, command, text in log if command in ("Query", "Execute")]
    *_, transaction, query = said
    assert len({thread for thread, _, _ in log}) == 1
    assert said[-1 - len(SESSION) : -1] == list(SESSION)
    assert transaction == "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    assert query.startswith("SELECT CONVERT(CAST('sources' AS CHAR)")
    assert sum("UNION ALL" in text for text in said) == 1


def test_a_connection_lost_between_rows_is_no_end(database: Database):
    store = find_store(database.url)
    query = "SELECT 'row' AS c0 FROM seq_1_to_300000 UNION ALL SELECT SLEEP(100)"

    def kill() -> None:
        with database.server.admin() as admin, admin.cursor() as cursor:
            while not cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE state = 'User sleep'"
            ):
                time.sleep(0.05)
            cursor.execute("KILL %s", cursor.fetchone())

    killer = threading.Thread(target=kill)
    killer.start()
    seen: list[pa.RecordBatch] = []
    with pytest.raises(ConnectionError, match=r"^mysql://\*\*\*@127\.0\.0\.1"):
        seen.extend(_batches(store, query))
    killer.join()
    assert 0 < sum(batch.num_rows for batch in seen) <= 300_000


def test_without_the_last_row_nothing_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.magento.read.find_spec", lambda name: True)
    monkeypatch.setattr("engine.magento.read._batches", lambda store, query: iter(()))
    with pytest.raises(ConnectionError, match="the connection was lost before the last row"):
        read_store(find_store("mysql://reader@db/shop"))


def test_generated_catalogues_come_out_as_they_went_in(server: Server, password: None):
    """Random tables, among them SKUs of which the database thinks little of the difference."""
    for seed in range(3):
        database = server.database()
        tables = _generated(random.Random(seed))
        fill(database, {name: pa.Table.from_pylist(rows) for name, rows in tables.items()})
        found = read_catalog(database.url).tables
        for name, columns in _COMPARED.items():
            given = sorted(tuple(row[it] for it in columns) for row in tables[name])
            got = sorted(tuple(row[it] for it in columns) for row in found[name].to_pylist())
            assert got == given, (seed, name)
        database.close()


_LETTERS = 'aé\\"😀'
_NO_PLACE = ("latitude", "longitude", "country_id", "region", "region_id", "city", "street")
_COMPARED = {
    "stocks": ("stock_id",),
    "stock_source_links": ("stock_id", "source_code", "priority"),
    "source_items": ("source_code", "sku", "quantity", "status"),
}


def _generated(draw: random.Random) -> dict[str, list[dict[str, Any]]]:
    codes = [f"Q{at} {draw.choice('äß😀x')}" for at in range(draw.randint(1, 9))]
    stocks = sorted(draw.sample(range(1, 2**32), 3))
    skus = [f"{draw.choice(_LETTERS)}-{at}" for at in range(200)]
    blank = dict.fromkeys((*_NO_PLACE, "postcode"))
    pairs = draw.sample([(code, sku) for code in codes for sku in skus], 150)
    return {
        "sources": [{"source_code": it, "name": it, "enabled": True, **blank} for it in codes],
        "stocks": [{"stock_id": it, "name": "n"} for it in stocks],
        "stock_source_links": [
            {"stock_id": stock, "source_code": code, "priority": draw.randint(0, 65535)}
            for stock in stocks
            for code in codes
        ],
        "source_items": [
            {
                "source_code": code,
                "sku": sku,
                "quantity": Decimal(draw.randint(-(10**12) + 1, 10**12 - 1)) / 10_000,
                "status": draw.random() < 0.5,
            }
            for code, sku in pairs
        ],
    }

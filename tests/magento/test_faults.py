import pytest

from engine.errors import UsageError
from engine.magento.faults import MissingTableError, fault_of
from engine.magento.location import find_store

STORE = find_store("mysql://reader@db/shop")


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        (
            "timed out waiting for connection: MySqlError { ERROR 1045 (28000): Access denied for "
            "user 'r'@'h' (using password: YES) }",
            ConnectionError,
            "mysql://***@db/shop: Access denied for user 'r'@'h' (using password: YES) (error "
            "1045); check user and password (SSA_MYSQL_PASSWORD or --defaults-file), and from "
            "where the user may come",
        ),
        (
            "MySqlError { ERROR 1142 (42000): SELECT command denied to user 'r'@'h' for table "
            "`shop`.`store` }",
            ConnectionError,
            "mysql://***@db/shop: SELECT command denied to user 'r'@'h' for table `shop`.`store` "
            "(error 1142); grant SELECT on it",
        ),
        (
            "MySqlError { ERROR 1049 (42000): Unknown database 'shop' }",
            UsageError,
            "mysql://***@db/shop: Unknown database 'shop'; name the database of the store",
        ),
        (
            "MySqlError { ERROR 1054 (42S22): Unknown column 'a.b' in 'SELECT' }",
            UsageError,
            "mysql://***@db/shop: Unknown column 'a.b' in 'SELECT'; its tables are not those of "
            "Magento 2.3 or later",
        ),
        (
            "cx writer failed: Source(MySQLError(CodecError { IO error: `bytes remaining on "
            "stream' }))",
            ConnectionError,
            "mysql://***@db/shop: IO error: `bytes remaining on stream'",
        ),
        (
            "DriverError { Could not connect to address `db:3306': Connection refused (os error "
            "111) }",
            ConnectionError,
            "mysql://***@db/shop: Could not connect to address `db:3306': Connection refused (os "
            "error 111)",
        ),
        (
            "who knows mysql://u:p@h",
            ConnectionError,
            "mysql://***@db/shop: who knows mysql://***@h",
        ),
    ],
)
def test_what_is_said_is_one_line(said: str, kind: type[Exception], text: str):
    error = fault_of(STORE, said)
    assert type(error) is kind
    assert str(error) == text


def test_a_missing_table_is_named():
    error = fault_of(
        STORE, "MySqlError { ERROR 1146 (42S02): Table 'shop.m2_store' doesn't exist }"
    )
    assert isinstance(error, MissingTableError)
    assert error.table == "m2_store"
    assert str(error).startswith("mysql://***@db/shop lacks the table m2_store: it is no Magento")

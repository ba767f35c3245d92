"""Columns that nobody should bring, and somebody will."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc


def odd_columns() -> Iterator[pa.Array]:
    """Three rows of nearly everything that Arrow can hold."""
    broken = pa.array([b"\xff", None, b"\xed\xa0\x80"])
    views = pa.array(["x" * 20, None, ""], pa.string_view())
    yield from (broken, broken.cast(pa.string(), safe=False), views, pa.nulls(3))
    yield pa.DictionaryArray.from_arrays(pa.array([0, 9, None], pa.int8()), views[:1], safe=False)
    yield pa.DictionaryArray.from_arrays(pa.array([0, 0, None], pa.int8()), pa.nulls(1))
    yield from (pc.run_end_encode(pa.array([1, 1, None])), pa.array([[1], None, []]))
    yield pa.array([["a"], None, []], pa.list_view(pa.string_view()))
    yield from (
        pa.array([{"a": 1}, None, {}]),
        pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())),
    )
    yield pa.UnionArray.from_sparse(pa.array([0, 0, 0], pa.int8()), [pa.array([1, 2, None])])
    for kind in (pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_()):
        yield pa.array([1, None, 0], pa.int8()).cast(pa.float32()).cast(kind)
    yield from (pa.array([-(2**63), None, 2**63 - 1]), pa.array([2**64 - 1, None, 0], pa.uint64()))
    yield from (pa.array([float("nan"), None, 1.7e308]), pa.array([float("-inf"), None, 5e-324]))
    yield pc.cast(pa.array([1, None, 0]), pa.decimal256(76, 50))
    yield pa.array([10**5, None, 0], pa.decimal128(5, -5))
    yield pa.array([10**12, None, -(10**12)], pa.decimal128(18, 4))
    for kind in (
        pa.timestamp("s"),
        pa.timestamp("ns", "Mars/Base"),
        pa.date64(),
        pa.time64("ns"),
        pa.duration("s"),
    ):
        yield pa.array([-(2**62), None, 2**62], kind)
    yield from (
        pa.array([-(2**31), None, 2**31 - 1], pa.date32()),
        pa.array([(1, 2, 3)] * 3, pa.month_day_nano_interval()),
    )
    yield from (pa.array([b"a" * 16] * 3, pa.uuid()), pa.array(['{"a": 1}'] * 3, pa.json_()))
    yield pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8()))


def odd_texts() -> Iterator[list[str]]:
    yield ["", " ", "\0"]
    yield ["1e999999999", "1e-999999999", "0e-999999999"]
    yield ["9" * 5000, "0." + "0" * 5000 + "1", "-"]
    yield ["0x1F", "+5", "1_0"]
    yield ["٣", "\u202e1", "a\nb\x1b[31m"]
    yield ["nan", "-inf", "NULL"]
    yield ["2024-02-30", "2024-01-01T00:00:00.123456789", "12024-01-01"]

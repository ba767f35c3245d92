import gzip
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.io import csv as engine_csv
from engine.io.csv import read_csv
from engine.io.faults import TableFile, UnreadableError
from engine.io.location import locate

from .conftest import Put, short


def rows(path: Path, table: str = "t") -> list[tuple[str | None, ...]]:
    """Return the columns' names, then the rows."""
    read = read_csv(TableFile(table, path.name, locate(path)))
    columns = [column.to_pylist() for column in read.columns]
    return [tuple(read.column_names), *zip(*columns, strict=True)]


def refused(path: Path, table: str = "t") -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        rows(path, table)
    return caught.value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2\n", [("1", "2")]),
        ("a,b\n1,2", [("1", "2")]),
        ("a,b\r\n1,2\r\n3,4\r\n", [("1", "2"), ("3", "4")]),
        ("a,b\r1,2\r", [("1", "2")]),
        ("a,b\n1,2\n\n", [("1", "2")]),
        ("\n\na,b\n1,2\n", [("1", "2")]),
        ("a,b\n1,2\n\n3,4\r\n\r\n", [("1", "2"), ("3", "4")]),
        ("\ufeffa,b\n1,2\n", [("1", "2")]),
        (" a ,\tb\n1,2\n", [("1", "2")]),
        ("a,b", []),
        ("a,b\n", []),
        ('a,b\n"",\n', [(None, None)]),
        ("a,b\n,\n", [(None, None)]),
        ("a,b\nNA,NULL\nnan,null\nN/A,#N/A\n", [("NA", "NULL"), ("nan", "null"), ("N/A", "#N/A")]),
        ("a,b\n007, x \n", [("007", " x ")]),
        ("a,b\n1e3,1.50000\ntrue,-0\n", [("1e3", "1.50000"), ("true", "-0")]),
        ('a,b\n"x\ny","p\r\nq"\n', [("x\ny", "p\r\nq")]),
        ('a,b\n"x,y","say ""hi"""\n', [("x,y", 'say "hi"')]),
        ('a,b\n5" pipe,2\n', [('5" pipe', "2")]),
        ('a,b\n1,"ends\n"\n', [("1", "ends\n")]),
        ("a,b\nÖrebro,日本\n", [("Örebro", "日本")]),
        ("a,b\n1,end of file\nend of file,\n", [("1", "end of file"), ("end of file", None)]),
    ],
)
def test_read_csv_gives_text(put: Put, content: str, expected: list[tuple]) -> None:
    assert rows(put("t.csv", content)) == [("a", "b"), *expected]
    assert rows(put("t.csv.gz", gzip.compress(content.encode()))) == [("a", "b"), *expected]


def test_read_csv_with_one_column(put: Put) -> None:
    assert rows(put("t.csv", "a\n1\n\n \n\n")) == [("a",), ("1",), (" ",)]
    assert rows(put("t.csv", 'a\n""\n"\n"')) == [("a",), (None,), ("\n",)]


def test_read_csv_with_names_in_quotes(put: Put) -> None:
    assert rows(put("t.csv", '"a\nb","c,""d"""\n1,2\n')) == [("a\nb", 'c,"d"'), ("1", "2")]


def test_read_csv_with_several_gzip_members(put: Put) -> None:
    content = gzip.compress(b"a,b\n1,", mtime=0) + gzip.compress(b"2\n", mtime=0)
    assert rows(put("t.csv.gz", content)) == [("a", "b"), ("1", "2")]


@pytest.mark.parametrize("size", [70_000, 5_000_000, 70_000_000])
def test_read_csv_with_values_larger_than_a_block(put: Put, size: int) -> None:
    assert rows(put("t.csv", f"a,b\n1,{'x' * size}\n2,y\n"))[1] == ("1", "x" * size)


def test_read_csv_takes_a_long_value_however_the_threads_run(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each size too small for the value is given up while threads of Arrow still read ahead.
    monkeypatch.setattr(engine_csv, "_BLOCKS", (1 << 10, 1 << 12, 1 << 20))
    value = "x\n" * 20_000
    path = put("t.csv", "a,b\n" + "1,2\n" * 3_000 + f'1,"{value}"\n' + "1,2\n" * 3_000)
    for _ in range(200):
        read = rows(path)
        assert (len(read), read[3_001]) == (6_002, ("1", value))


def test_read_csv_with_a_header_larger_than_a_block(put: Put) -> None:
    name = "n\n" * 50_000
    assert rows(put("t.csv", f'"{name}",b\n1,2\n'))[0] == (name.strip(), "b")


def test_read_csv_with_many_columns(put: Put) -> None:
    names = [f"c{at}" for at in range(3_000)]
    read = rows(put("t.csv", f"{','.join(names)}\n{','.join(names)}\n"))
    assert read == [tuple(names)] * 2


field = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"', ",", "\n", "\r", "\r\n", '""', "a", " ", "end of file", ""]
)


@given(st.lists(st.tuples(field, field), max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_read_csv_gives_back_what_was_quoted(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, str]], newline: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    lines = [
        ",".join('"' + text.replace('"', '""') + '"' for text in record)
        for record in [("a", "b"), *records]
    ]
    path.write_bytes(newline.join(lines).encode())
    assert rows(path)[1:] == [tuple(text or None for text in record) for record in records]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "t.csv is empty (0 bytes)"),
        (b"\n\r\n", "t.csv holds no header row"),
        (b"\xef\xbb\xbf", "t.csv holds no header row"),
        (b",,\n1,2,3\n", "header row without a name"),
        (b"a,b,a\n", "two or more columns named 'a'"),
        (b"a, a\n", "two or more columns named 'a'"),
        (b"a;b\n1;2\n", "not separated by commas ('a;b')"),
        (b"a\tb\n1\t2\n", "not separated by commas"),
        (b'"a,b\n1,2\n', "header row that is not CSV"),
        (b"caf\xe9,b\n", "header row that is not UTF-8 ('caf<E9>,b'"),
        ("a,b\n1,2\n".encode("utf-16"), "looks like UTF-16 text; save it as UTF-8"),
        (b"a\0,b\n", "its first row holds zero bytes"),
        (b"PAR1\x15\x04", "looks like Parquet"),
        (b"ARROW1\0\0", "looks like Arrow"),
        (b"PK\x03\x04", "a spreadsheet; save it as CSV, Parquet or Arrow"),
        (gzip.compress(b"a\n1\n", mtime=0), "looks like gzip"),
        (b"x" * 200_000, "header row that is not CSV (field larger"),
    ],
    ids=short,
)
def test_read_csv_refuses_what_has_no_header(put: Put, content: bytes, words: str) -> None:
    error = refused(put("t.csv", content))
    assert words in str(error)
    assert [len(finding.rows) for finding in error.findings] == [0]


def test_read_csv_names_the_columns_where_the_header_is_missing(put: Put) -> None:
    message = str(refused(put("stocks.csv", "1,Europe\n2,Asia\n"), "stocks"))
    assert "has no header row: no field of its first row ('1, Europe')" in message
    assert message.endswith("name the columns in the first row: stock_id, name")


def test_read_csv_names_ragged_rows(put: Put) -> None:
    error = refused(put("t.csv", 'a,b\n1,2\n3\n\n4,5,6\n"x\ny",7\n8,9,\n'))
    (finding,) = error.findings
    assert finding.rows.tolist() == [1, 2, 4]
    assert list(finding.values) == ["1 field", "3 fields", "3 fields"]
    assert "t.csv has not the 2 fields of its header in 3 rows (row 1: '1 field'" in str(error)


def test_read_csv_names_bytes_that_are_not_utf8(put: Put) -> None:
    good = "é,ü\n" * 3
    error = refused(put("t.csv", b"a,b\n" + good.encode() + b"caf\xe9,\xc3\xa9\n,\xff\xfe\n"))
    first, second = error.findings
    assert (first.column, first.rows.tolist(), list(first.values)) == ("a", [3], ["caf<E9>"])
    assert (second.column, second.rows.tolist(), list(second.values)) == ("b", [4], ["<FF><FE>"])


def test_read_csv_names_bad_bytes_beside_ragged_rows(put: Put) -> None:
    error = refused(put("t.csv", b"a,b\n\xff\n1,\xfe\n\xfd,2,3\n4,\xfc\n"))
    ragged, text = error.findings
    assert ragged.rows.tolist() == [0, 2]
    assert (text.column, text.rows.tolist(), list(text.values)) == ("b", [1, 3], ["<FE>", "<FC>"])


@pytest.mark.parametrize(
    ("content", "row", "shown"),
    [
        ('a,b\n1,2\n3,"x\n', 1, "x\n..."),
        ('a,b\n1,2\n3,"x', 1, "x..."),
        ('a,b\n1,2\n"x\n4,5\n', 1, '"x\n4,5\n...'),
        ('a,b\n1,5" x\n3,"4\n5,6', 1, "4\n5,6..."),
        ('a,b\n1,"', 0, "..."),
        ('a,b\n1,""" \n', 0, '" \n...'),
    ],
)
def test_read_csv_names_the_row_of_an_open_quote(
    put: Put, content: str, row: int, shown: str
) -> None:
    (finding,) = refused(put("t.csv", content)).findings
    assert "opens a quote that it never closes" in finding.reason
    assert finding.rows.tolist() == [row]
    assert list(finding.values) == [shown]


def test_read_csv_names_an_open_quote_that_swallows_blocks(put: Put) -> None:
    (finding,) = refused(put("t.csv", 'a,b\n1,2\n1,"' + "x,\n" * 3_000_000)).findings
    assert "opens a quote" in finding.reason
    assert finding.rows.tolist() == [1]


def test_read_csv_names_every_fault_at_once(put: Put) -> None:
    error = refused(put("t.csv", b'a,b\n\xff,1\n2\n3,"open\n'))
    assert [finding.rows.tolist() for finding in error.findings] == [[2], [1], [0]]


def test_read_csv_finds_ragged_rows_in_a_long_file(put: Put) -> None:
    lines = [f"{at},{at}" for at in range(400_000)]
    lines[399_998] = "1,2,3"
    error = refused(put("t.csv", "a,b\n" + "\n".join(lines)))
    assert error.findings[0].rows.tolist() == [399_998]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n", "t.csv.gz is not gzip"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-4], "cut short or damaged"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cut short or damaged"),
        (
            gzip.compress(b"a,b\n" + bytes(range(97, 110)) * 99, mtime=0)[:-12] + b"\0" * 12,
            "damaged",
        ),
        (gzip.compress(b"a,b\n1,2\n", mtime=0) + b"junk", "cut short or damaged"),
        (gzip.compress(b"", mtime=0), "holds no header row"),
    ],
    ids=short,
)
def test_read_csv_refuses_damaged_gzip(put: Put, content: bytes, words: str) -> None:
    assert words in str(refused(put("t.csv.gz", content)))


def test_read_csv_refuses_gzip_cut_at_every_byte(put: Put) -> None:
    text = "a,b\n" + "".join(f"{random.Random(at).random()},x\n" for at in range(40))
    content = gzip.compress(text.encode())
    assert len(rows(put("t.csv.gz", content))) == 41
    for size in range(1, len(content)):
        refused(put("t.csv.gz", content[:size]))


def test_read_csv_refuses_a_value_beyond_the_largest_block(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_csv, "_BLOCKS", (1 << 10, 1 << 12))
    error = refused(put("t.csv", 'a,b\n1,"' + "x\n" * 10_000))
    assert "look for a quote that is opened and never closed" in str(error)


def test_read_csv_passes_on_what_it_cannot_explain(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = engine_csv._parse

    def failing(stream, header, ragged=None) -> pa.Table:
        if ragged is None:
            raise pa.ArrowInvalid("something new")
        return parse(stream, header, ragged)

    monkeypatch.setattr(engine_csv, "_parse", failing)
    error = refused(put("t.csv", "a,b\n1,2\n"))
    assert "t.csv cannot be parsed as CSV (Arrow: something new)" in str(error)


def test_read_csv_refuses_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert "is no file any more" in str(refused(tmp_path))

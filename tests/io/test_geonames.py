import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import InputError, UsageError
from engine.io import geonames as engine_geonames
from engine.io.geonames import read_geonames

from .conftest import Put, Read, short

# In the form of GeoNames' postal codes; the places are theirs, CC BY 4.0 (geonames.org).
GB = (
    "GB\tM9\tManchester\tEngland\tENG\tGreater Manchester\t\tx\tE08\t53.522\t-2.2139\t\n"
    "GB\tBN91\tWorthing\tEngland\tENG\t\t\t\t\t50.818\t-0.3754\t\n"
)
DE = 'DE\t01945\tGroß "Kroppen"\tBrandenburg\tBB\t\t00\tx\t12066\t51.3833\t13.8\t4\n'
LINE = "FR\t75001\tParis\tIdF\t11\tParis\t75\tx\t751\t48.8\t2.3\t5"
ROWS = [
    ("GB", "M9", "Manchester", "England", "ENG", 53.522, -2.2139),
    ("GB", "BN91", "Worthing", "England", "ENG", 50.818, -0.3754),
    ("DE", "01945", 'Groß "Kroppen"', "Brandenburg", "BB", 51.3833, 13.8),
]
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("country_code", "postcode", "city")),
        *((name, pa.string()) for name in ("region", "region_code")),
        *((name, pa.float64()) for name in ("latitude", "longitude")),
    ]
)


def zipped(members: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def rows(table: pa.Table) -> list[tuple]:
    assert table.schema.equals(SCHEMA)
    return [tuple(row.values()) for row in table.to_pylist()]


def test_read_geonames_keeps_the_order_of_the_paths(put: Put) -> None:
    gb, de = put("GB.txt", GB), put("DE.txt", DE)
    assert rows(read_geonames([gb, de])) == ROWS
    assert rows(read_geonames([str(de), gb])) == [ROWS[2], *ROWS[:2]]


def test_read_geonames_takes_archives(put: Put) -> None:
    gb = put("GB.zip", zipped({"readme.txt": "Readme\tx", "GB.txt": GB, "__MACOSX/GB.txt": "junk"}))
    everything = put("allCountries.zip", zipped({"allCountries.txt": DE}))
    assert rows(read_geonames([gb, everything])) == ROWS


def test_read_geonames_takes_a_folder_by_name(put: Put, tmp_path: Path) -> None:
    put("g/GB.txt", GB)
    put("g/DE.zip", zipped({"DE.txt": DE}))
    for name in ("readme.txt", "LICENCE", ".GB.txt", "_x.txt"):
        put(f"g/{name}", "other")
    assert rows(read_geonames([tmp_path / "g"])) == [ROWS[2], *ROWS[:2]]


def test_read_geonames_makes_empty_fields_null(put: Put) -> None:
    (row,) = rows(read_geonames([put("FR.txt", "FR" + "\t" * 11 + "\n")]))
    assert row == ("FR", *[None] * 6)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_read_geonames_takes_any_newline(put: Put, newline: str) -> None:
    table = read_geonames([put("FR.txt", newline.join([LINE, "", LINE]))])
    assert table["latitude"].to_pylist() == [48.8, 48.8]


def test_read_geonames_takes_a_line_larger_than_a_block(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_geonames, "_BLOCKS", (64, 1 << 20))
    path = put("FR.txt", f"{LINE}\n{LINE.replace('Paris', 'x' * 1_000)}\n")
    assert read_geonames([path])["city"].to_pylist() == ["Paris", "x" * 1_000]
    monkeypatch.setattr(engine_geonames, "_BLOCKS", (64,))
    with pytest.raises(InputError, match="holds a line of more than"):
        read_geonames([path])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FR\t75001\tParis", "line 4 has 3 fields, not 12"),
        ("no tabs at all", "line 4 has 1 field, not 12"),
        (f"{LINE}\tx", "line 4 has 13 fields, not 12"),
        (LINE.replace("48.8", "north"), "line 4 holds 'north' as latitude, which is no number"),
        (LINE.replace("2.3", "2,3"), "line 4 holds '2,3' as longitude"),
        (LINE.encode().replace(b"Paris", b"Par\xees"), "line 4 holds bytes .*Par<EE>s"),
        (LINE.replace("48.8", "4_8"), "line 4 holds '4_8' as latitude"),
    ],
)
def test_read_geonames_names_the_line_at_fault(put: Put, line: str | bytes, words: str) -> None:
    content = line if isinstance(line, bytes) else line.encode()
    path = put("FR.txt", b"\n".join([LINE.encode(), b"", LINE.encode(), content, b"x"]))
    with pytest.raises(InputError, match=f"FR.txt {words}"):
        read_geonames([path])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("FR.txt", b"", r"FR.txt is empty \(0 bytes\)"),
        ("FR.zip", b"", r"FR.zip is empty \(0 bytes\)"),
        ("FR.zip", LINE.encode(), "FR.zip is not a zip archive"),
        ("FR.zip", zipped({"FR.txt": LINE})[:-30], "FR.zip is a damaged zip archive"),
        ("FR.zip", zipped({"readme.txt": "x"}), "FR.zip holds no CC.txt"),
        ("FR.zip", zipped({"FR.txt": "FR\tx"}), "FR.zip/FR.txt line 1 has 2 fields"),
        ("FR.zip", zipped({"FR.txt": ""}), "FR.zip/FR.txt is empty"),
    ],
    ids=short,
)
def test_read_geonames_refuses_what_is_no_geonames(
    put: Put, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_geonames([put(name, content)])


def test_read_geonames_refuses_a_damaged_member(put: Put) -> None:
    content = bytearray(zipped({"FR.txt": LINE * 50}))
    content[50:60] = b"\xff" * 10
    with pytest.raises(InputError, match=r"FR.zip is a damaged zip archive"):
        read_geonames([put("FR.zip", bytes(content))])


def test_read_geonames_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone.txt does not exist"):
        read_geonames([tmp_path / "gone.txt"])
    with pytest.raises(UsageError, match="holds no GeoNames file"):
        read_geonames([tmp_path])
    with pytest.raises(UsageError, match="no GeoNames file was named"):
        read_geonames([])


def test_read_geonames_refuses_a_country_twice(put: Put, tmp_path: Path) -> None:
    put("FR.txt", LINE)
    put("FR.zip", zipped({"FR.txt": LINE}))
    with pytest.raises(InputError, match=r"FR is there twice; keep .txt or .zip"):
        read_geonames([tmp_path])


def test_a_folder_of_geonames_files_is_the_table(put: Put, read: Read) -> None:
    put("geonames/GB.txt", GB)
    put("geonames/DE.zip", zipped({"DE.txt": DE, "readme.txt": "x"}))
    put("geonames/readme.txt", "x")
    found = read()
    assert found.findings == []
    assert rows(found.tables["geonames"].table) == [ROWS[2], *ROWS[:2]]
    assert not found.tables["geonames"].is_text
    assert [Path(file).name for file in found.files] == ["DE.zip", "GB.txt"]


def test_a_fault_in_a_geonames_file_is_a_finding(put: Put, read: Read) -> None:
    put("geonames/GB.txt", GB + "GB\tx\n")
    found = read()
    (finding,) = found.findings
    assert finding.reason == "geonames/GB.txt line 3 has 2 fields, not 12"
    assert found.tables == {}


def test_geonames_files_beside_part_files_are_refused(put: Put, read: Read) -> None:
    put("geonames/GB.txt", GB)
    put("geonames/part.parquet", "x")
    (finding,) = read().findings
    assert finding.reason == "geonames/ holds part files of different formats: GeoNames, Parquet"

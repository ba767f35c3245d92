"""``ssa geonames``."""

import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.running import EXAMPLE, names, refused, ssa

BERLIN = "DE\t10115\tBerlin\tBerlin\tBE\t\t\t\t\t52.5323\t13.3846\t6\n"
PARIS = "FR\t75001\tParis 01\tÎle-de-France\t11\tParis\t75\t\t\t48.8592\t2.3417\t5\n"


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return a file for Germany and an archive for France, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("DE.txt").write_text(BERLIN * 3)
    with zipfile.ZipFile("FR.zip", "w") as archive:
        archive.writestr("FR.txt", PARIS)
        archive.writestr("readme.txt", "read me")
    return "DE.txt", "FR.zip"


def test_geonames(given: tuple[str, str]):
    outcome = ssa("geonames", *given, "--out", "geonames.parquet")
    assert outcome.code == 0
    assert outcome.out == (
        "geonames.parquet: 4 rows\n\ncountry  rows\n─────────────\nDE          3\nFR          1\n"
    )
    rows = pq.read_table("geonames.parquet").to_pylist()
    assert rows[3] == {
        "country_code": "FR",
        "postcode": "75001",
        "city": "Paris 01",
        "region": "Île-de-France",
        "region_code": "11",
        "latitude": 48.8592,
        "longitude": 2.3417,
    }
    shown = ssa("geonames", *given, "--out", "geonames.parquet", "--json", "--quiet")
    assert not shown.err
    counts = {"DE": 3, "FR": 1}
    assert json.loads(shown.out) == {"out": "geonames.parquet", "rows": 4, "countries": counts}


def test_rows_without_a_country_are_counted_too(given: tuple[str, str]):
    Path("XX.txt").write_text(BERLIN.removeprefix("DE") + PARIS)
    outcome = ssa("geonames", "XX.txt", "--out", "geonames.csv", "--json")
    assert json.loads(outcome.out)["countries"] == {"": 1, "FR": 1}
    assert ssa("geonames", "XX.txt", "--out", "geonames.csv").code == 0


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv", ".csv.gz"])
def test_the_table_serves_a_catalogue(given, tables: tuple[Path, Path], ending: str):
    assert ssa("geonames", *given, "--out", tables[0] / f"geonames{ending}").code == 0
    states = [row["position"] for row in json.loads(ssa("sources", tables[0], 3, "--json").out)]
    assert states == ["address", "unknown", "unknown"]
    assert ssa("allocate", *tables, "--out", "out").code == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"DE\t1\n", "line 1 has 2 fields, not 12"),
        (BERLIN.encode() + BERLIN.replace("52.5", "north").encode(), "line 2 holds 'north"),
        (BERLIN.replace("Berlin", "Berl\xefn").encode("latin-1"), "not UTF-8"),
        (b"PK\3\4 no archive", "is a damaged zip archive"),
        (bytes(range(256)) * 50, "line 1 has"),
        (b"\x1b[31m\t\r\n", r"line 1 has"),
    ],
)
def test_what_is_no_geonames_file(given: tuple[str, str], content: bytes, reason: str):
    Path("XX.txt").write_bytes(content)
    line = refused("geonames", *given, "XX.txt", "--out", "out.csv")
    assert "XX.txt" in line
    assert reason in line
    assert line.isprintable()
    assert names(Path()) == {"DE.txt", "FR.zip", "XX.txt"}


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("none.txt", "--out", "out.csv"), "none.txt does not exist"),
        ((".", "--out", "out.csv"), "lies inside the input"),
        (("DE.txt", "--out", "DE.txt"), "is the input"),
        (("DE.txt", "--out", "out.txt"), "has no ending that can be written"),
        ((EXAMPLE[0] / "sources.csv", "--out", "out.csv"), "line 1 has 1 field, not 12"),
    ],
)
def test_wrong_usage(given: tuple[str, str], args: tuple, reason: str):
    assert reason in refused("geonames", *args)
    assert names(Path()) == {"DE.txt", "FR.zip"}

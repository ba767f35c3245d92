"""Where a result may go: what ``check_output`` and ``check_file`` refuse."""

import os
from pathlib import Path

import pytest

from engine.errors import OutputError, UsageError
from engine.io.output import check_file, check_output, whole_file, whole_folder
from tests.io.conftest import short
from tests.io.runs import run_text, word_of


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def result(folder: Path, word: str = "old") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(run_text(word))
    return folder


def word(folder: Path) -> str:
    return word_of((folder / "run.json").read_text())


def test_check_output_gives_the_real_path(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    inputs = ["in", tmp_path / "in", "s3://bucket/in", (tmp_path / "in").as_uri(), "gone"]
    assert check_output("link/x", False, inputs) == tmp_path / "real" / "x"
    assert check_output(tmp_path / "x", True, inputs) == tmp_path / "x"


def test_check_output_follows_a_link_to_an_old_result(tmp_path: Path) -> None:
    result(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    with whole_folder(check_output(tmp_path / "link", True, []), overwrite=True) as folder:
        result(folder, "new")
    assert (tmp_path / "link").is_symlink()
    assert word(tmp_path / "real") == "new"


@pytest.mark.parametrize("out", ["s3://bucket/out", "file:///data/out", "gs:/x"])
def test_check_output_refuses_uris(out: str) -> None:
    with pytest.raises(UsageError, match="is a URI; results are written to a local path"):
        check_output(out, False, [])


@pytest.mark.parametrize("out", ["", "/"])
def test_check_output_refuses_what_has_no_parent(out: str) -> None:
    with pytest.raises(UsageError, match="name a folder or file inside another"):
        check_output(out, True, [])


def test_check_output_refuses_a_place_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="file is no folder"):
        check_output(tmp_path / "file" / "gone" / "out", False, [])


def test_check_output_accepts_a_missing_parent_and_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "deep" / "out"
    assert check_output(path, False, []) == path
    assert names(tmp_path) == []


def test_check_output_refuses_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PermissionError):
        check_output(tmp_path / "out", False, [])


def test_check_output_refuses_what_exists(tmp_path: Path) -> None:
    result(tmp_path / "result")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="result exists; add --overwrite"):
        check_output(tmp_path / "result", False, [])
    for overwrite in (False, True):
        with pytest.raises(UsageError, match=r"holds no run.json"):
            check_output(tmp_path / "empty", overwrite, [])
        with pytest.raises(UsageError, match="file is a file"):
            check_output(tmp_path / "file", overwrite, [])
    assert check_output(tmp_path / "result", True, []) == tmp_path / "result"


FOREIGN = (
    *('{"name": "my project"}', '{"arguments": {}, "versions": {"node": "20"}, "rows": {}}'),
    *(
        '{"arguments": {}, "versions": "ssa-engine", "rows": {}}',
        '{"versions": {"ssa-engine": "1"}}',
    ),
    *("[]", "", "{", "\x00", '"ssa-engine"', "[" * 100_000),
)


@pytest.mark.parametrize("text", FOREIGN, ids=short)
def test_a_run_json_of_another_program_is_never_replaced(tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text(text)
    with pytest.raises(
        UsageError, match=r"holds no run.json of ssa-engine, so it .* never replaced"
    ):
        check_output(out, True, [])
    with pytest.raises(OutputError, match="has appeared"), whole_folder(out, overwrite=True):
        pass
    assert (out / "run.json").read_text() == text
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("out", "how"),
    [
        ("in", "is"),
        ("in/", "is"),
        ("x/../in", "is"),
        ("link", "is"),
        ("in/out", "lies inside"),
        ("in/sub/out", "lies inside"),
        ("link/out", "lies inside"),
        (".", "contains"),
        ("in/stocks.csv", "lies inside"),
    ],
)
@pytest.mark.parametrize("spelling", ["path", "uri", "link", "relative"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_check_output_keeps_apart_from_inputs(
    tmp_path: Path, monkeypatch, out: str, how: str, spelling: str, overwrite: bool
) -> None:
    result(tmp_path / "w" / "in" / "sub")
    result(tmp_path / "w")
    result(tmp_path / "w" / "in")
    (tmp_path / "w" / "link").symlink_to("in")
    monkeypatch.chdir(tmp_path / "w")
    location = {
        "path": tmp_path / "w" / "in",
        "uri": (tmp_path / "w" / "in").as_uri(),
        "link": "link",
        "relative": "../w/in",
    }[spelling]
    with pytest.raises(UsageError, match=f" {how} the input .*; write the result somewhere else"):
        check_output(out, overwrite, ["s3://bucket/x", location])


def test_check_output_keeps_apart_from_an_input_file(tmp_path: Path) -> None:
    result(tmp_path / "out")
    (tmp_path / "out" / "policy.toml").write_text("x")
    with pytest.raises(UsageError, match="contains the input"):
        check_output(tmp_path / "out", True, [tmp_path / "out" / "policy.toml"])


def test_check_output_keeps_apart_from_what_an_input_links_to(tmp_path: Path) -> None:
    result(tmp_path / "out")
    (tmp_path / "in" / "parts").mkdir(parents=True)
    (tmp_path / "in" / "parts" / "a.parquet").symlink_to("../../out/a.parquet")
    with pytest.raises(UsageError, match=r"contains the input .*a.parquet"):
        check_output(tmp_path / "out", True, [tmp_path / "in"])


def test_check_output_follows_links_inside_linked_folders(tmp_path: Path) -> None:
    for name in ("in", "real1", "real2"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "source_items").symlink_to("../real1")
    (tmp_path / "real1" / "deep").symlink_to("../real2")
    (tmp_path / "real2" / "back").symlink_to("../in")
    with pytest.raises(UsageError, match=r"lies inside the input .*real2;"):
        check_output(tmp_path / "real2" / "out", False, [tmp_path / "in"])
    assert check_output(tmp_path / "out", False, [tmp_path / "in"]) == tmp_path / "out"


def test_check_output_knows_a_hard_linked_input_is_no_loss(tmp_path: Path) -> None:
    result(tmp_path / "out")
    (tmp_path / "in").mkdir()
    os.link(tmp_path / "out" / "run.json", tmp_path / "in" / "a.csv")
    assert check_output(tmp_path / "out", True, [tmp_path / "in"]) == tmp_path / "out"


def test_check_output_finishes_what_a_dead_run_left(tmp_path: Path) -> None:
    result(tmp_path / ".out.ssa-old-1-0123456789abcdef", "old")
    result(tmp_path / ".out.ssa-tmp-1-0123456789abcdef", "new")
    with pytest.raises(UsageError, match="out exists"):
        check_output(tmp_path / "out", False, [])
    assert names(tmp_path) == ["out"]
    assert word(tmp_path / "out") == "new"


def test_check_file_refuses_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "folder").mkdir()
    for path, words in (
        (tmp_path / "folder", "is no regular file"),
        ("/dev/null", "is no regular file"),
        ("s3://bucket/x", "is a URI"),
        (tmp_path / "in" / "gone" / "x", "lies inside the input"),
        (tmp_path / "in" / "x", "lies inside the input"),
        ("", "name a folder or file"),
    ):
        with pytest.raises(UsageError, match=words):
            check_file(path, [tmp_path / "in"])
    with pytest.raises(UsageError, match="is no regular file"), whole_file("/dev/null"):
        raise AssertionError("the block must not run")
    assert check_file(tmp_path / "x", [tmp_path / "in"]) == tmp_path / "x"

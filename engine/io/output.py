"""Results that appear whole or not at all."""

import errno
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from engine.errors import UsageError
from engine.io.location import is_uri, local_path
from engine.io.swap import (
    RUN_FILE,
    drafted,
    holds_run,
    publish,
    recover,
    sync_file,
    sync_folder,
    sync_tree,
)

__all__ = [
    "check_file",
    "check_output",
    "recover",
    "terminate_cleanly",
    "whole_file",
    "whole_folder",
]

AnyPath = str | os.PathLike[str]


def check_output(out: AnyPath, overwrite: bool, inputs: Iterable[AnyPath]) -> Path:
    """Return where a result folder goes, symbolic links followed, if it may be written.

    What dead runs left beside it is finished or cleared away first.

    Parameters
    ----------
    overwrite
        Whether a folder that holds the result of a run may be replaced.
    inputs
        The paths and URIs that the run reads.

    Raises
    ------
    UsageError
        If ``out`` is a URI, stands below a file, equals, contains or lies inside an input, is
        there and may not be replaced, or is no folder of results.
    PermissionError
        If nothing may be written there. Missing folders above it are made by the run.
    """
    path = _target(out, inputs)
    recover(path)
    if not path.exists():
        return path
    if not path.is_dir():
        raise UsageError(f"{path} is a file; give a folder that does not exist yet")
    if not holds_run(path):
        raise UsageError(
            f"{path} exists and holds no {RUN_FILE} of ssa-engine, so it is no result of a run and "
            "is never replaced; give a folder that does not exist yet"
        )
    if not overwrite:
        raise UsageError(f"{path} exists; add --overwrite to replace it, or give another folder")
    return path


def check_file(path: AnyPath, inputs: Iterable[AnyPath] = ()) -> Path:
    """Return where a single result file goes, symbolic links followed, if it may be written.

    Raises
    ------
    UsageError
        If ``path`` is a URI, stands below a file, is an input or lies inside one, or is there
        and is no regular file.
    """
    target = _target(path, inputs)
    recover(target)
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is no regular file; give the path of a file")
    return target


def _target(out: AnyPath, inputs: Iterable[AnyPath]) -> Path:
    text = os.fsdecode(out)
    if is_uri(text):
        raise UsageError(f"{text} is a URI; results are written to a local path")
    path = Path(os.path.realpath(text))
    if not text or not path.name:
        raise UsageError(f"{text!r} cannot be written to; name a folder or file inside another")
    for location in inputs:
        _check_apart(path, location)
    there = next(parent for parent in path.parents if parent.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is no folder, so nothing can stand in it; give another path")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))
    return path


@contextmanager
def _with_parents(path: Path) -> Iterator[None]:
    """Make the folders above a path; take them away again if the block raises."""
    missing = [parent for parent in path.parents if not parent.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()
        raise


def _check_apart(out: Path, location: AnyPath) -> None:
    local = local_path(location)
    if local is None:
        return
    for path in _real_paths(Path(local)):
        if _same(out, path):
            how = "is"
        elif any(_same(parent, path) for parent in out.parents):
            how = "lies inside"
        elif any(_same(out, parent) for parent in path.parents):
            how = "contains"
        else:
            continue
        raise UsageError(f"{out} {how} the input {path}; write the result somewhere else")


def _real_paths(path: Path) -> Iterator[Path]:
    """Yield an input's real path, and where links inside it lead, and links inside those."""
    seen, left = set(), [path]
    while left:
        real = Path(os.path.realpath(left.pop()))
        if real in seen:
            continue
        seen.add(real)
        yield real
        for folder, folders, files in os.walk(real):
            paths = (Path(folder, name) for name in (*folders, *files))
            left += [path for path in paths if path.is_symlink()]


def _same(one: Path, other: Path) -> bool:
    """Return whether two paths are one place, also by another spelling or mount."""
    if one == other:
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False


@contextmanager
def whole_folder(out: AnyPath, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder to write into; it becomes ``out`` if the block ends well.

    The folder stands beside ``out`` until then. When the block ends, its files are synced to the
    disk and it is renamed: ``out`` is the old folder or the new one, whatever happens. If the
    block raises, nothing is left.

    Raises
    ------
    OutputError
        If ``out`` has appeared meanwhile, or is no result of a run.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as parent:
    ...     with whole_folder(f"{parent}/result", overwrite=False) as folder:
    ...         _ = (folder / "run.json").write_text("{}")
    ...     sorted(path.name for path in Path(parent, "result").iterdir())
    ['run.json']
    """
    path = _target(out, ())
    recover(path)
    with _with_parents(path), drafted(path) as draft:
        yield draft.new
        sync_tree(draft.new)
        publish(draft, overwrite)


@contextmanager
def whole_file(path: AnyPath) -> Iterator[Path]:
    """Yield the path of a file to write; it becomes ``path`` if the block ends well.

    The yielded path has the same name, so that its ending says the same format. A file that is
    there is replaced.

    Raises
    ------
    UsageError
        If ``path`` cannot be a file.
    """
    target = check_file(path)
    with _with_parents(target), drafted(target) as draft:
        written = draft.new / target.name
        yield written
        sync_file(written)
        written.replace(target)
        sync_folder(target.parent)


@contextmanager
def terminate_cleanly() -> Iterator[None]:
    """Have SIGTERM end the program as Ctrl-C does, with what it has begun cleared away.

    Once either has come, no other is heeded: the process is about to end. Only the main thread
    can do so; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_ending = False

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal is_ending
        is_ending = True
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # it must not interrupt the clearing up
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:  # as of what runs in the background
            signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items() if not is_ending else ():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)

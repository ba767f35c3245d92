"""A folder beside the target while it is written, then a rename that is whole or not at all.

Beside ``out`` stand, while a run goes on (``ID`` is the process and a random number):

- ``.NAME.ssa-tmp-ID``, what the run writes, and after an exchange what it replaces,
- ``.NAME.ssa-tmp-ID.lock``, locked as long as the run lives,
- ``.NAME.ssa-old-ID``, the folder being replaced, between two renames and where the system
  cannot exchange two folders in one step,
- ``.NAME.ssa-lock``, locked while a run renames or clears up, so that only one does.

The lock file of a run is there before its folder and goes after it. So a folder whose lock is
free, or gone, belongs to a dead run.
"""

import ctypes
import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.errors import OutputError

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_NOT_SUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)
_IDENTITY = re.compile(r"[0-9]+-[0-9a-f]{16}")
RUN_FILE = "run.json"


class _Run(msgspec.Struct):
    """What stands in every ``run.json``, as far as it tells ours from those of others."""

    arguments: dict[str, Any]
    versions: dict[str, str]
    rows: dict[str, int]


class Draft(NamedTuple):
    """Where a run writes, what it will replace, and where that goes meanwhile."""

    out: Path
    identity: str

    @property
    def new(self) -> Path:
        """Return the folder that the run writes into."""
        return self.out.parent / f".{self.out.name}.ssa-tmp-{self.identity}"

    @property
    def old(self) -> Path:
        """Return where the replaced folder stands between two renames."""
        return self.out.parent / f".{self.out.name}.ssa-old-{self.identity}"

    @property
    def lock(self) -> Path:
        """Return the file that is locked while the run lives."""
        return self.out.parent / f".{self.out.name}.ssa-tmp-{self.identity}.lock"


@contextmanager
def drafted(out: Path) -> Iterator[Draft]:
    """Make an empty folder beside ``out`` and lock it; remove it on the way out, however."""
    draft = Draft(out, f"{os.getpid()}-{secrets.token_hex(8)}")
    with _locked(draft.lock):
        try:
            draft.new.mkdir()
            yield draft
        finally:
            _discard(draft)


def publish(draft: Draft, overwrite: bool) -> None:
    """Put the finished folder in the place of ``out``, which stays whole at every moment.

    Raises
    ------
    OutputError
        If something stands there that may not be replaced.
    """
    with _locked(_swap_lock(draft.out)):
        try:
            _put(draft, overwrite)
        finally:
            _complete(draft)
        sync_folder(draft.out.parent)


def holds_run(folder: Path) -> bool:
    """Return whether a folder is the result of a run, be it of another version."""
    file = folder / RUN_FILE
    try:
        run = msgspec.json.decode(file.read_bytes(), type=_Run) if file.is_file() else None
    except (OSError, msgspec.MsgspecError, RecursionError):
        return False
    return run is not None and "ssa-engine" in run.versions


def _put(draft: Draft, overwrite: bool) -> None:
    out = draft.out
    if not os.path.lexists(out):
        if not _rename(draft.new, out, _RENAME_NOREPLACE):
            draft.new.rename(out)
    elif not (overwrite and holds_run(out)):
        raise OutputError(f"{out} has appeared during the run and is left as it is; run it again")
    elif not _rename(draft.new, out, _RENAME_EXCHANGE):
        out.rename(draft.old)
        draft.new.rename(out)


def _rename(source: Path, target: Path, flags: int) -> bool:
    """Rename as Linux' renameat2 does; return False where the system cannot do it so."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    code = renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flags)
    if code == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_SUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(source), None, str(target))


def _complete(draft: Draft) -> None:
    """Do the second of two renames if only the first was done.

    The old folder is moved away only when the new one is complete. If even so the new one
    cannot be moved in, or is gone, the old one returns.
    """
    if os.path.lexists(draft.old) and not os.path.lexists(draft.out):
        try:
            draft.new.rename(draft.out)
        except OSError:
            draft.old.rename(draft.out)
            raise
        sync_folder(draft.out.parent)


def _discard(draft: Draft) -> None:
    """Remove what is left of a run, unless it is the only copy of what stood there before."""
    if os.path.lexists(draft.old) and not os.path.lexists(draft.out):
        return
    for folder in (draft.new, draft.old):
        shutil.rmtree(folder, ignore_errors=True)


def recover(out: Path) -> None:
    """Finish or clear away what dead runs left beside ``out``; leave the living alone."""
    if not list(_leftovers(out)):
        return
    with _locked(_swap_lock(out)):
        for identity in sorted(set(_leftovers(out)) - {""}):
            _recover(Draft(out, identity))


def _leftovers(out: Path) -> Iterator[str]:
    """Yield the ID in each name that runs leave beside ``out``, "" for the lock they share."""
    for path in out.parent.iterdir() if out.parent.is_dir() else ():
        if path == _swap_lock(out):
            yield ""
        for prefix in (f".{out.name}.ssa-tmp-", f".{out.name}.ssa-old-"):
            identity = path.name.removeprefix(prefix).removesuffix(".lock")
            if path.name.startswith(prefix) and _IDENTITY.fullmatch(identity):
                yield identity


def _recover(draft: Draft) -> None:
    try:
        lock = _lock(draft.lock, os.O_RDWR, wait=False)
    except FileNotFoundError:
        lock = None  # removed by hand, or all is gone by now
    except OSError:
        return  # it lives, or is another user's
    try:
        with suppress(FileNotFoundError):
            _complete(draft)
        _discard(draft)
    finally:
        if lock is not None:
            _unlock(draft.lock, lock)


def _swap_lock(out: Path) -> Path:
    return out.parent / f".{out.name}.ssa-lock"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = _lock(path, os.O_RDWR | os.O_CREAT, wait=True)
    try:
        yield
    finally:
        _unlock(path, lock)


def _lock(path: Path, flags: int, wait: bool) -> int:
    """Open and lock a file; one that was removed while waiting does not count.

    Raises
    ------
    OSError
        If another run holds the lock and this is not to wait for it.
    """
    while True:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Where the file system knows no locks, a run goes on without and clears up nothing.
            if not wait or error.errno not in _NO_LOCKS:
                os.close(descriptor)
                raise
        if _is_same_file(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _unlock(path: Path, descriptor: int) -> None:
    path.unlink(missing_ok=True)
    os.close(descriptor)


def sync_file(path: Path) -> None:
    """Have the system write a file to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Have the system write the names in a folder to the disk, where it can."""
    try:
        sync_file(path)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise


def sync_tree(folder: Path) -> None:
    """Have the system write every file and folder below a folder, and itself, to the disk."""
    for path in folder.iterdir():
        if path.is_dir():
            sync_tree(path)
        else:
            sync_file(path)
    sync_folder(folder)

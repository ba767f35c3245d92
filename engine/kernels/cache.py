"""Compiled kernels in files, one for each signature.

Numba's own cache needs a folder chosen for the whole process or one beside the source, and
ends the run on a full disk or a damaged file. Its index is read and written back without a
lock: of two processes that start at once on unlike machines with a common home folder, one
may be handed the other's machine code. Here is no index. A file is named by all that its
content depends on, is complete or absent, and carries its checksum; a kernel that cannot be
read is compiled, and one that cannot be kept is used all the same.
"""

import pickle
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from engine.kernels.place import SUFFIX

_CHECKSUM_BYTES = 32


class KernelCache(NullCache):
    """What numba asks for the compiled code of a kernel, and hands it to.

    Parameters
    ----------
    kernel
        A function of this package that is no closure: its source names the folder.
    folder
        Where the files are; made when the first is written.
    """

    def __init__(self, kernel: Callable, folder: Path) -> None:
        self._name = f"{kernel.__module__}.{kernel.__qualname__}"
        self._folder = folder

    @property
    def cache_path(self) -> str:
        """The folder, for numba's statistics."""
        return str(self._folder)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the code for a signature, or None if it has to be compiled."""
        target_context.refresh()
        data = _read(self._file(sig, target_context.codegen()))
        if data is None:
            return None
        return CompileResult._rebuild(target_context, *pickle.loads(data))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep freshly compiled code, if it can be kept."""
        if not data.library.has_dynamic_globals:  # addresses of this very process
            with suppress(OSError):
                _write(self._file(sig, data.codegen), dumps(data._reduce()))

    def _file(self, sig: Any, codegen: Any) -> Path:
        """Return the file for a signature and this machine's CPU; place has the rest."""
        key = (self._name, numba.__version__, sig, codegen.magic_tuple())
        name = self._name.removeprefix("engine.kernels.")
        return self._folder / f"{name}-{sha256(repr(key).encode()).hexdigest()[:16]}{SUFFIX}"


def _read(path: Path) -> bytes | None:
    """Return what a file holds, None if it is absent or damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, data = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return data if sha256(data).digest() == checksum else None


def _write(path: Path, data: bytes) -> None:
    """Write a file that appears whole, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{uuid4().hex}")
    try:
        draft.write_bytes(sha256(data).digest() + data)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)

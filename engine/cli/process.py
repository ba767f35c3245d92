"""What may be set in a process that is ours alone."""

import os
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""What can be set, as ``malloc.h`` of the GNU C library numbers it."""

_LINES_BETWEEN = 3_000_000
"""Lines after which memory is tidied: 50M left 170 MB behind that is never used again."""


def keep_memory() -> Callable[[int, int], None]:
    """Let freed memory be used again, instead of going back to the system.

    What comes back from there is cleared page by page, over and over: 10M lines take 8.5 s
    instead of 12.4 s. Nothing changes without the GNU C library, or where
    $ARROW_DEFAULT_MEMORY_POOL says what Arrow is to do.

    Returns
    -------
    A listener of `Clock`: from time to time it gives back what nothing fits into any more, and
    before the end, which needs memory of another size.
    """
    if sys.platform != "linux" or "ARROW_DEFAULT_MEMORY_POOL" in os.environ:
        return lambda done, total: None
    import ctypes

    import pyarrow as pa

    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return lambda done, total: None
    library.mallopt(_ARENA_MAX, 1)
    library.mallopt(_MMAP_THRESHOLD, 1 << 25)
    library.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    pa.set_memory_pool(pa.system_memory_pool())
    due = 0

    def give_back(done: int, total: int) -> None:
        nonlocal due
        if done >= due or done == total:
            library.malloc_trim(0)
            due = done + _LINES_BETWEEN

    return give_back


def without_pandas() -> None:
    """Keep pyarrow from importing pandas, which it does at the first value of Python that it gets.

    That is 0.4 s of each run. It asks once, and again when somebody wants a frame; whatever
    imports pandas for itself finds it.
    """
    import pyarrow as pa

    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas(MetaPathFinder):
    """Finds that there is no pandas, and nothing of the rest."""

    @classmethod
    def find_spec(cls, fullname: str, path: object, target: object = None) -> None:
        """Refuse pandas as an import system does; see `importlib.abc.MetaPathFinder`."""
        if fullname == "pandas":
            raise ModuleNotFoundError(name=fullname)

"""What may be set in a process that is ours alone."""

import os
import sys
from importlib.abc import MetaPathFinder

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""What can be set, as ``malloc.h`` of the GNU C library numbers it."""


def keep_memory() -> None:
    """Let freed memory be used again, instead of going back to the system.

    What comes back from there is cleared page by page, over and over: 10M lines take 8.3 s
    instead of 12.4 s, and no more memory. Nothing changes without the GNU C library, or where
    $ARROW_DEFAULT_MEMORY_POOL says what Arrow is to do.
    """
    if sys.platform != "linux" or "ARROW_DEFAULT_MEMORY_POOL" in os.environ:
        return
    import ctypes

    import pyarrow as pa

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, 1 << 30)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        pa.set_memory_pool(pa.system_memory_pool())


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

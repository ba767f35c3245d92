"""The one place that knows how kernels are compiled."""

from collections.abc import Callable
from typing import Any

import numba

from engine.kernels.cache import KernelCache
from engine.kernels.place import place


def jit(kernel: Callable) -> Any:
    """Compile a kernel when it is first called.

    No fastmath: NaN and the last bit must survive. Compiled code is kept between runs, unless
    there is no place where it could be: then every run compiles anew. A kernel defined elsewhere,
    as in a test, is not kept, since nothing would tell that its source has changed.
    """
    compiled: Any = numba.njit(nogil=True, error_model="numpy")(kernel)
    folder = place()
    ours = kernel.__module__.startswith("engine.kernels.") and not kernel.__closure__
    if folder is not None and ours and compiled is not kernel:  # it is under NUMBA_DISABLE_JIT
        compiled._cache = KernelCache(kernel, folder)  # numba's enable_caching takes no place
    return compiled

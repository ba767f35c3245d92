"""The one place that knows how kernels are compiled."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from engine.kernels.cache import KernelCache
from engine.kernels.place import place

int64: Any = np.int64
boolean: Any = np.bool_
"""Make values that numba takes for no constants: for a constant it compiles helpers anew, which
makes no faster code, and took a seventh of the time of a warm-up."""


def jit(kernel: Callable, **options: Any) -> Any:
    """Compile a kernel when it is first called.

    No fastmath: NaN and the last bit must survive. Compiled code is kept between runs, unless
    there is no place where it could be: then every run compiles anew. A kernel defined elsewhere,
    as in a test, is not kept, since nothing would tell that its source has changed.
    """
    options |= {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    compiled: Any = numba.njit(**options)(kernel)
    folder = place()
    ours = kernel.__module__.startswith("engine.kernels.") and not kernel.__closure__
    if folder is not None and ours and compiled is not kernel:  # it is under NUMBA_DISABLE_JIT
        compiled._cache = KernelCache(kernel, folder)  # numba's enable_caching takes no place
    return compiled


def inlined(helper: Callable) -> Any:
    """Have LLVM write a helper into each kernel that calls it. Python must not call it.

    Left alone it calls helpers of several arrays, and each call counts references: deduction
    then takes three times as long. With numba's own ``inline="always"`` it takes twice as long.
    """
    return jit(helper, forceinline=True, no_cpython_wrapper=True)

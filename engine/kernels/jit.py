"""The one place that knows how kernels are compiled."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numba


def jit(kernel: Callable, **options: Any) -> Any:
    """Compile a kernel when it is first called.

    No fastmath: NaN and the last bit must survive. Compiled code is kept between runs, unless
    there is no place where it could be: then every run compiles anew.
    """
    compiled = partial(numba.njit, nogil=True, error_model="numpy", **options)
    try:
        return compiled(cache=True)(kernel)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return compiled()(kernel)


def inlined(helper: Callable) -> Any:
    """Have LLVM write a helper into each kernel that calls it.

    Left alone it calls helpers of several arrays, and each call counts references: deduction
    then takes three times as long. With numba's own ``inline="always"`` it takes twice as long.
    """
    return jit(helper, forceinline=True)

"""The one place that knows how kernels are compiled."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numba


def jit(kernel: Callable) -> Any:
    """Compile a kernel when it is first called.

    No fastmath: NaN and the last bit must survive. Compiled code is kept between runs, unless
    there is no place where it could be: then every run compiles anew.
    """
    compiled = partial(numba.njit, nogil=True, error_model="numpy")
    try:
        return compiled(cache=True)(kernel)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return compiled()(kernel)


def inlined(helper: Callable) -> Any:
    """Have a helper written into each kernel that calls it.

    LLVM leaves calls with several arrays alone, and each counts references: hashing runs at 50
    instead of 100 million texts a second.
    """
    return numba.njit(inline="always", error_model="numpy")(helper)

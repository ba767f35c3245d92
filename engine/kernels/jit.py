"""The one place that knows how kernels are compiled."""

import numba

jit = numba.njit(cache=True, nogil=True, error_model="numpy")
"""No fastmath: NaN and the last bit must survive. Compiled code is kept between runs."""

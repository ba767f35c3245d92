"""Calling a Python function in the middle of a kernel, by its address."""

import ctypes
from typing import Any

from llvmlite.ir import FunctionType, IntType
from numba import config, types
from numba.extending import intrinsic

_NUM_ARGUMENTS = 3


def _asked(address: int, *arguments: int) -> int:
    """Stand in for the intrinsic where kernels run as plain Python."""
    function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * _NUM_ARGUMENTS)(address)
    return function(*arguments)


@intrinsic
def _ask(_context: Any, address: Any, one: Any, two: Any, three: Any) -> Any:
    """Return what the function at an address, of int64s to int64, says of three numbers."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        integer = IntType(64)
        kind = FunctionType(integer, [integer] * _NUM_ARGUMENTS)
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), list(arguments[1:]))

    return types.int64(types.int64, types.int64, types.int64, types.int64), generate


ask: Any = _asked if config.DISABLE_JIT else _ask  # type: ignore[attr-defined]

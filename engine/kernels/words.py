"""Eight bytes of text at a time: unaligned loads, and ASCII letters in lower case."""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from engine.kernels.jit import inlined

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_LOW7 = np.uint64(0x7F7F7F7F7F7F7F7F)
_FROM_A = _ONES * np.uint64(0x80 - ord("A"))
_BEYOND_Z = _ONES * np.uint64(0x80 - ord("Z") - 1)

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def load_word(data: np.ndarray, at: int | np.int64) -> np.uint64:
        """Return the eight bytes from ``at`` on as one little-endian number."""
        return np.uint64(int.from_bytes(data[at : at + 8].tobytes(), "little"))

else:

    @intrinsic
    def load_word(typing_context: Any, data: Any, at: Any) -> Any:
        """Return the eight bytes from ``at`` on as one little-endian number.

        Numba has no unaligned load; byte by byte, hashing takes four times as long.
        """

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            start = builder.gep(array.data, [arguments[1]])
            word = builder.bitcast(start, ir.IntType(64).as_pointer())
            return builder.load(word, align=1)

        return types.uint64(data, types.int64), build


@inlined
def lower_word(word: np.uint64) -> np.uint64:
    """Return eight bytes with A to Z in lower case; bytes beyond ASCII stay as they are."""
    low = word & _LOW7
    upper = ((low + _FROM_A) ^ (low + _BEYOND_Z)) & _HIGH & ~word
    return word | (upper >> np.uint64(2))

"""Ask the processor for memory before it is needed."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

FAR, NEAR = 48, 24
"""Lines ahead at which a SKU's offset is asked for, and its items, whose place that tells."""

_READ, _KEEP, _DATA = 0, 3, 1
"""Arguments of ``llvm.prefetch``: to be read, kept in every cache, data and not code."""


def _do_nothing(array: Any, index: int) -> None:
    """Stand in for the intrinsic where kernels run as plain Python."""


@intrinsic
def _prefetch(_context: Any, array: Any, index: Any) -> tuple[Any, Callable]:
    """Fetch ``array[index]`` into the caches; the index is not checked, nor need it exist."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, _ = signature.args
        held = context.make_array(kind)(context, builder, arguments[0])
        address = builder.bitcast(
            cgutils.get_item_pointer(context, builder, kind, held, [arguments[1]]),
            cgutils.voidptr_t,
        )
        takes = [cgutils.voidptr_t, *[cgutils.int32_t] * 3]
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [cgutils.voidptr_t], ir.FunctionType(ir.VoidType(), takes)
        )
        how = [ir.Constant(cgutils.int32_t, number) for number in (_READ, _KEEP, _DATA)]
        builder.call(function, [address, *how])
        return context.get_dummy_value()

    return types.none(array, types.intp), generate


prefetch: Any = _do_nothing if config.DISABLE_JIT else _prefetch  # type: ignore[attr-defined]
